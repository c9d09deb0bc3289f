import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { decodeFrame } from "../src/codec.js";
import { type ClientFrame, conversationOf, type Event, MemoryStore, type OtvetClient, type Position, type ServerFrame, type Signal, type Store } from "../src/index.js";
import { ANNA, ready } from "./peer.js";
import { bench } from "./setup.js";

/** The frames of contract version 1 as the server's own tests write them. */
const FOLDER = fileURLToPath(new URL("../../../engine/golden/v1/", import.meta.url));
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const SERVER = FILES.filter((name) => name.startsWith("server."));
const CLIENT = FILES.filter((name) => name.startsWith("client."));

function read(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(FOLDER + name, "utf8")) as Record<string, unknown>;
}

/** Fields that every frame of a type must have for the SDK to work with it. */
const FRAME_FIELDS: Record<ServerFrame["type"], string[]> = {
  ready: ["id", "person", "session", "heartbeat_s", "epoch", "streams", "conversations", "recovered", "limits"],
  ok: ["id"],
  error: ["code", "message"],
  event: ["stream", "seq", "at", "kind"],
  reset: ["stream", "epoch", "seq", "snapshot"],
  signal: ["kind", "person", "conversation"],
  bye: ["retry_after_ms"],
};
const EVENT_FIELDS: Record<Event["kind"], string[]> = {
  opened: ["subject", "visitor"],
  message: ["author", "body", "key", "attachments"],
  note: ["author", "body", "key"],
  hidden: [],
  claimed: ["manager"],
  released: ["manager"],
  transferred: ["from", "to"],
  resolved: ["by"],
  reopened: ["by"],
  upsert: ["conversation"],
  remove: ["conversation_id"],
  signed_out: ["token_id"],
};
const SIGNAL_FIELDS: Record<Signal["kind"], string[]> = { typing: [], read: ["seq"], delivered: ["seq"], presence: ["online"] };

type Golden = Record<string, unknown> & { conversation: string; body: string; subject?: string; seq: number; to: string; take_over: boolean };

/** How an application makes the SDK send each frame. `ping` and `hello` it sends by itself. */
const ASK: Record<Exclude<ClientFrame["type"], "hello" | "ping">, (client: OtvetClient, golden: Golden) => unknown> = {
  open: (client, { subject, body }) => client.open({ body, ...(subject === undefined ? {} : { subject }) }),
  send: (client, { conversation, body }) => client.send(conversation, body),
  note: (client, { conversation, body }) => client.note(conversation, body),
  claim: (client, { conversation, take_over }) => client.claim(conversation, { takeOver: take_over }),
  release: (client, { conversation }) => client.release(conversation),
  resolve: (client, { conversation }) => client.resolve(conversation),
  reopen: (client, { conversation }) => client.reopen(conversation),
  transfer: (client, { conversation, to }) => client.transfer(conversation, to),
  read: (client, { conversation, seq }) => client.read(conversation, seq),
  delivered: (client, { conversation, seq }) => client.delivered(conversation, seq),
  typing: (client, { conversation }) => client.typing(conversation),
  watch: (client, { conversation }) => client.watch(conversation),
  unwatch: (client, { conversation }) => client.unwatch(conversation),
  history: (client, { conversation, before, after, limit }) =>
    client.history(conversation, JSON.parse(JSON.stringify({ before, after, limit })) as { before?: number; after?: number; limit?: number }),
};

/** The frame that the SDK sends for a golden one, bearing the golden one's own marks. */
async function built(golden: Golden): Promise<Record<string, unknown>> {
  const type = golden["type"] as ClientFrame["type"];
  const store = new MemoryStore();
  const positions = (golden["positions"] ?? {}) as Record<string, Position>;
  if (type === "hello") await storePositions(store, positions);
  const b = bench({ store, ...(type === "hello" ? { token: () => golden["token"] as string, device: golden["device"] as string } : {}) });
  await b.client.start();
  const hello = await b.peer.hello(1);
  if (type === "hello") return { ...hello, id: golden["id"] };
  b.peer.latest.push(ready(hello.id as number));
  if (type === "ping") b.timers.advance(25_000);
  else void Promise.resolve(ASK[type](b.client, golden)).catch(() => undefined);
  const marks = { ...("id" in golden ? { id: golden["id"] } : {}), ...("key" in golden ? { key: golden["key"] } : {}) };
  const frame = await b.peer.latest.expect(type);
  expect("id" in frame).toBe("id" in golden);
  return { ...frame, ...marks };
}

async function storePositions(store: Store, positions: Record<string, Position>): Promise<void> {
  const own = Object.entries(positions).filter(([stream]) => conversationOf(stream) === null);
  await store.saveSession({ tokenId: "7", person: ANNA, positions: Object.fromEntries(own), conversations: [] });
  for (const [stream, position] of Object.entries(positions)) {
    const id = conversationOf(stream);
    if (id) await store.saveThread(ANNA.id, { id, position, events: [], hasMore: true, openedAt: 1 });
  }
}

describe("golden frames", () => {
  it("has them of both directions, and every client frame that the SDK knows", () => {
    expect(SERVER.length).toBeGreaterThan(0);
    expect(new Set(CLIENT.map((name) => name.split(".")[1]))).toEqual(new Set([...Object.keys(ASK), "hello", "ping"]));
  });

  it.each(SERVER)("%s decodes into what the SDK works with, and back", (name) => {
    const golden = read(name);
    const frame = decodeFrame(JSON.stringify(golden));
    expect(frame).not.toBeNull();
    if (!frame) return;
    expect(JSON.parse(JSON.stringify(frame))).toEqual(golden);
    expect(golden).toSatisfy((value: object) => FRAME_FIELDS[frame.type].every((field) => field in value));
    if (frame.type === "event") expect(golden).toSatisfy((value: object) => EVENT_FIELDS[frame.kind].every((field) => field in value));
    if (frame.type === "signal") expect(golden).toSatisfy((value: object) => SIGNAL_FIELDS[frame.kind].every((field) => field in value));
  });

  it.each(CLIENT)("%s is what the SDK sends", async (name) => {
    const golden = read(name) as Golden;
    expect(await built(golden)).toEqual(golden);
  });
});
