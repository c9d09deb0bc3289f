/** The vocabulary of the wire contract, version 1: what a frame can say. */

export type PersonId = string;
export type ConversationId = string;
export type Role = "visitor" | "manager" | "admin" | "system";
export type Status = "waiting" | "claimed" | "resolved";

export interface Person {
  id: PersonId;
  role: Role;
  name: string;
}

/** A place in a stream. The epoch changes only when the numbering could not be carried on. */
export interface Position {
  epoch: string;
  seq: number;
}

/** How far a person's devices have received and read a conversation. Only ever moves forward. */
export interface Cursor {
  delivered: number;
  read: number;
}

export interface LastMessage {
  seq: number;
  /** RFC 3339, UTC, milliseconds. */
  at: string;
  author: Person;
  /** Cut to 200 characters. */
  body: string;
}

/** A conversation as lists show it. `unread` counts messages of others past one's own read cursor. */
export interface Summary {
  id: ConversationId;
  subject: string | null;
  status: Status;
  visitor: Person;
  manager: Person | null;
  last_seq: number;
  last_message: LastMessage | null;
  unread: number;
  cursors: Record<PersonId, Cursor>;
  opened_at: string;
  updated_at: string;
}

/** What can happen in a conversation's, an inbox's or a session's stream. */
export type EventBody =
  | { kind: "opened"; subject: string | null; visitor: Person }
  | { kind: "message"; author: Person; body: string; key: string; attachments: unknown[] }
  | { kind: "note"; author: Person; body: string; key: string }
  | { kind: "hidden" }
  | { kind: "claimed"; manager: Person }
  | { kind: "released"; manager: Person }
  | { kind: "transferred"; from: Person; to: Person }
  | { kind: "resolved"; by: Person }
  | { kind: "reopened"; by: Person }
  | { kind: "upsert"; conversation: Summary }
  | { kind: "remove"; conversation_id: ConversationId }
  | { kind: "signed_out"; token_id: number };

export type Event = { type: "event"; stream: string; seq: number; at: string } & EventBody;

/** Lost without harm: typing, receipts and presence are not part of any stream. */
export interface Signal {
  type: "signal";
  kind: "typing" | "read" | "delivered" | "presence";
  conversation: ConversationId;
  person: Person;
  seq?: number;
  online?: boolean;
}

/** What the server accepts, told in `ready`. */
export interface Limits {
  frame_bytes: number;
  body_chars: number;
  subject_chars: number;
  commands_per_second: number;
  burst: number;
  unanswered_commands: number;
  connections_per_person: number;
  outbox_bytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  frame_bytes: 65536,
  body_chars: 4000,
  subject_chars: 200,
  commands_per_second: 20,
  burst: 40,
  unanswered_commands: 16,
  connections_per_person: 10,
  outbox_bytes: 1048576,
};

/** Snapshot of the own session or inbox stream. */
export interface ListSnapshot {
  conversations: Summary[];
}

/** Snapshot of a conversation: its newest events, oldest first; `more` says whether older ones exist. */
export interface ThreadSnapshot {
  conversation: Summary;
  events: Event[];
  more: boolean;
}

export interface Ready {
  type: "ready";
  id: RequestId;
  person: Person;
  session: string;
  /** Seconds; the server pings this often, and a client that hears nothing for as long asks. */
  heartbeat_s: number;
  /** The epoch of every conversation stream here, of those too that begin later. */
  epoch: string;
  streams: Record<string, Position>;
  conversations: Summary[];
  recovered: Record<string, boolean>;
  limits: Limits;
}

export interface Reset {
  type: "reset";
  stream: string;
  epoch: string;
  seq: number;
  snapshot: ListSnapshot | ThreadSnapshot;
}

export interface Bye {
  type: "bye";
  retry_after_ms: number;
}

export type RequestId = string | number;

export type ErrorCode =
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "invalid"
  | "conflict"
  | "too_large"
  | "rate_limited"
  | "unavailable"
  | "unknown_type"
  | "internal";

export interface ErrorFrame {
  type: "error";
  id?: RequestId | null;
  code: ErrorCode;
  message: string;
  retry_after_ms?: number;
  /** Of a `conflict` over a claim: who holds the conversation. */
  manager?: Person;
}

/** Answer to a command; which fields it has depends on the command. */
export interface OkFrame {
  type: "ok";
  id: RequestId;
  seq?: number;
  conversation?: Summary;
  events?: Event[];
  more?: boolean;
  /** Of `watch` and `unwatch`: the stream's head. */
  position?: Position;
}

export type ServerFrame = Ready | OkFrame | ErrorFrame | Event | Reset | Signal | Bye;

/** A command without its `id`, which the connection gives it. */
export type Command =
  | { type: "open"; key: string; subject?: string; body: string }
  | { type: "send"; conversation: ConversationId; key: string; body: string; attachments?: unknown[] }
  | { type: "note"; conversation: ConversationId; key: string; body: string }
  | { type: "claim"; conversation: ConversationId; take_over: boolean }
  | { type: "release" | "resolve" | "reopen"; conversation: ConversationId }
  | { type: "transfer"; conversation: ConversationId; to: PersonId }
  | { type: "read" | "delivered"; conversation: ConversationId; seq: number }
  | { type: "typing"; conversation: ConversationId }
  | { type: "watch" | "unwatch"; conversation: ConversationId }
  | { type: "history"; conversation: ConversationId; before?: number; after?: number; limit?: number }
  | { type: "ping" };

export interface Hello {
  type: "hello";
  token: string;
  device?: string;
  positions?: Record<string, Position>;
}

/** Only `typing` goes without an `id`, since it has no answer. */
export type ClientFrame = (Command | Hello) & { id?: RequestId };

export type ConnectionState =
  | "idle"
  | "connecting"
  | "online"
  /** Backing off before the next attempt. */
  | "waiting"
  /** The device itself says that it has no network. */
  | "offline"
  /** The token is invalid, expired or revoked: sign in again. The queue is kept. */
  | "signed_out"
  /** The server does not want this client as it is. */
  | "refused";

/** A message on its way out. It keeps its key for life, so sending it twice is harmless. */
export interface QueuedItem {
  key: string;
  /** Whose queue it is in. */
  owner: PersonId;
  /** Order within the queue; grows. */
  order: number;
  /** Milliseconds since 1970, by this device's clock. */
  createdAt: number;
  command: "open" | "send" | "note";
  conversation: ConversationId | null;
  subject?: string;
  body: string;
  /** `refused` waits for the person: retry or discard. */
  state: "queued" | "sending" | "refused";
  error?: { code: ErrorCode; message: string };
}

export type QueuedMessage = QueuedItem;
