/**
 * Client of the Otvet chat engine. Start with {@link OtvetClient} (realtime: one socket, resume, outgoing queue) and
 * {@link RestClient} (signing in, lists). `types.ts` has the words of the protocol; `machine.ts` the rules of the
 * connection; `streams.ts` those of delivery; `queue.ts` those of sending.
 */
export * from "./types.js";
export { OtvetClient, type ClientEvents, type ClientOptions } from "./client.js";
export { type Thread } from "./thread.js";
export { readByOthers } from "./conversations.js";
export { CommandError, NotConnectedError, OutcomeUnknownError } from "./requests.js";
export { afterClose, CLOSE, type AfterClose } from "./close_codes.js";
export { conversationOf, conversationStream } from "./streams.js";
export { newKey, type Exclusively, type SocketLike, type Surroundings, type Timers } from "./environment.js";
export { type Store, type StoredSession, type StoredThread } from "./store.js";
export { MemoryStore } from "./memory_store.js";
export { browserStore, IndexedDbStore } from "./indexeddb_store.js";
export { RestClient } from "./rest.js";
export type { ConversationFilter, Credentials, Page, Registration, RestOptions, SignedIn, TokenInfo } from "./rest.js";
export { ProblemError } from "./problem.js";
