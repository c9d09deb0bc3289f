import { IDBFactory } from "fake-indexeddb";
import { describe, expect, it, vi } from "vitest";
import { IndexedDbStore, MemoryStore, type Store } from "../src/index.js";
import { ANNA, CONVERSATION, message, ready, STREAM, summary } from "./peer.js";
import { bench, type Bench, online } from "./setup.js";

const OTHER = "0192f0c1-2345-7abc-8def-000000000002";
const KNOWN = { streams: { [STREAM]: { epoch: "e1", seq: 0 } }, conversations: [summary()] };

async function reconnect(b: Bench, count: number): Promise<void> {
  b.timers.advance(250);
  const hello = await b.peer.hello(count);
  b.peer.latest.push(ready(hello.id as number, KNOWN));
}

describe("queue", () => {
  it("sends one conversation's messages one after another, in order", async () => {
    const b = bench();
    await online(b, KNOWN);
    for (const body of ["one", "two", "three"]) await b.client.send(CONVERSATION, body);
    for (const [index, body] of ["one", "two", "three"].entries()) {
      const send = await b.peer.latest.expect("send");
      expect(send.body).toBe(body);
      expect(b.peer.latest.inbox.filter((frame) => frame.type === "send")).toHaveLength(0);
      b.peer.latest.ok(send, { seq: index + 1 });
    }
    await vi.waitFor(() => expect(b.client.queue()).toHaveLength(0));
  });

  it("does not let one conversation wait for another", async () => {
    const b = bench();
    await online(b, KNOWN);
    await b.client.send(CONVERSATION, "one");
    await b.client.send(OTHER, "two");
    await b.client.send(OTHER, "three");
    const first = await b.peer.latest.expect("send");
    b.peer.latest.ok(first, { seq: 1 });
    expect((await b.peer.latest.expect("send")).conversation).toBe(OTHER);
  });

  it("repeats an unanswered message on the next socket under the same key", async () => {
    const b = bench();
    await online(b, KNOWN);
    const item = await b.client.send(CONVERSATION, "hello");
    expect((await b.peer.latest.expect("send")).key).toBe(item.key);
    b.peer.latest.end(1006);
    await reconnect(b, 2);
    const again = await b.peer.latest.expect("send");
    expect(again).toMatchObject({ key: item.key, body: "hello" });
    b.peer.latest.ok(again, { seq: 1 });
    await vi.waitFor(() => expect(b.client.queue()).toHaveLength(0));
  });

  it("is done with a message whose event it has seen, answered or not", async () => {
    const b = bench();
    await online(b, KNOWN);
    const item = await b.client.send(CONVERSATION, "hello");
    await b.peer.latest.expect("send");
    b.peer.latest.push(message(1, { author: ANNA, key: item.key }));
    b.peer.latest.end(1006);
    await vi.waitFor(() => expect(b.client.queue()).toHaveLength(0));
    await reconnect(b, 2);
    expect(b.peer.latest.inbox.filter((frame) => frame.type === "send")).toHaveLength(0);
  });

  it("shows a message at every moment exactly once, from queued to event", async () => {
    const b = bench();
    await online(b, KNOWN);
    const thread = b.client.thread(CONVERSATION);
    b.peer.latest.ok(await b.peer.latest.expect("history"), { events: [], more: false });
    await vi.waitFor(() => expect(thread.loaded).toBe(true));
    const item = await b.client.send(CONVERSATION, "hello");
    const shown = new Set<number>();
    const count = () => {
      const events = thread.events.filter((event) => event.kind === "message" && event.key === item.key).length;
      shown.add(events + thread.pending.filter((pending) => pending.key === item.key).length);
    };
    thread.subscribe(count);
    b.peer.latest.ok(await b.peer.latest.expect("send"), { seq: 1 });
    await vi.waitFor(() => expect(b.client.queue()).toHaveLength(0));
    count();
    b.peer.latest.push(message(1, { author: ANNA, key: item.key }));
    count();
    expect([...shown]).toEqual([1]);
    expect(thread.pending).toHaveLength(0);
  });

  it("shows a message once the store has it, so that what is seen survives a reload", async () => {
    const store = new MemoryStore();
    const put = store.put.bind(store);
    let stored = () => {};
    const held = new Promise<void>((resolve) => (stored = resolve));
    store.put = async (item) => {
      await held;
      await put(item);
    };
    const b = bench({ store });
    await online(b, KNOWN);
    const sending = [b.client.send(CONVERSATION, "one"), b.client.send(CONVERSATION, "two")];
    expect(b.client.queue()).toHaveLength(0);
    stored();
    await Promise.all(sending);
    expect(b.client.queue().map((item) => item.body)).toEqual(["one", "two"]);
    expect((await b.peer.latest.expect("send")).body).toBe("one");
  });

  it("does not show what could not be stored, and says so", async () => {
    const store = new MemoryStore();
    store.put = () => Promise.reject(new Error("full"));
    const b = bench({ store });
    await online(b, KNOWN);
    await expect(b.client.send(CONVERSATION, "one")).rejects.toThrow("full");
    expect(b.client.queue()).toHaveLength(0);
  });

  it("keeps a refused message for the person to decide, and lets the next ones go", async () => {
    const b = bench();
    await online(b, KNOWN);
    const refused: string[] = [];
    b.client.on("refused", ({ item, error }) => refused.push(`${item.body}: ${error.code}`));
    const bad = await b.client.send(CONVERSATION, "bad");
    await b.client.send(CONVERSATION, "good");
    b.peer.latest.push({ type: "error", id: (await b.peer.latest.expect("send")).id!, code: "invalid", message: "no" });
    const good = await b.peer.latest.expect("send");
    expect(good.body).toBe("good");
    b.peer.latest.ok(good, { seq: 1 });
    expect(refused).toEqual(["bad: invalid"]);
    await vi.waitFor(() => expect(b.client.queue()).toMatchObject([{ key: bad.key, state: "refused", error: { code: "invalid" } }]));
    await b.client.retry(bad.key);
    b.peer.latest.push({ type: "error", id: (await b.peer.latest.expect("send")).id!, code: "invalid", message: "no" });
    await vi.waitFor(() => expect(b.client.queue()).toMatchObject([{ state: "refused" }]));
    await b.client.discard(bad.key);
    expect(b.client.queue()).toHaveLength(0);
    expect(await b.store.queue(ANNA.id)).toHaveLength(0);
  });

  it.each(["rate_limited", "unavailable"] as const)("tries again, in order, after %s", async (code) => {
    const b = bench();
    await online(b, KNOWN);
    await b.client.send(CONVERSATION, "one");
    await b.client.send(CONVERSATION, "two");
    b.peer.latest.push({ type: "error", id: (await b.peer.latest.expect("send")).id!, code, message: "later", retry_after_ms: 2000 });
    await vi.waitFor(() => expect(b.client.queue().map((item) => item.state)).toEqual(["queued", "queued"]));
    await new Promise((resolve) => setImmediate(resolve));
    b.timers.advance(1999);
    expect(b.peer.latest.inbox).toHaveLength(0);
    b.timers.advance(300);
    expect((await b.peer.latest.expect("send")).body).toBe("one");
  });

  it("gives an item to the person when the server fails on it again and again", async () => {
    const b = bench();
    await online(b, KNOWN);
    await b.client.send(CONVERSATION, "one");
    for (let round = 1; round <= 5; round++) {
      b.peer.latest.push({ type: "error", id: (await b.peer.latest.expect("send")).id!, code: "internal", message: "oops" });
      await vi.waitFor(() => expect(b.client.queue()[0]?.state).toBe(round < 5 ? "queued" : "refused"));
      await new Promise((resolve) => setImmediate(resolve));
      b.timers.advance(20_000);
    }
  });

  it("keeps the queue when signed out", async () => {
    const b = bench();
    await online(b, KNOWN);
    await b.client.send(CONVERSATION, "hello");
    b.peer.latest.end(4401);
    expect(b.client.queue()).toHaveLength(1);
    expect(await b.store.queue(ANNA.id)).toHaveLength(1);
  });

  it("sends a question and tells which conversation it became", async () => {
    const b = bench();
    await online(b);
    const sent: string[] = [];
    b.client.on("sent", ({ conversation }) => sent.push(conversation));
    await b.client.open({ subject: "Delivery", body: "When?" });
    const open = await b.peer.latest.expect("open");
    expect(open).toMatchObject({ subject: "Delivery", body: "When?" });
    b.peer.latest.ok(open, { conversation: summary({ last_seq: 2, status: "waiting" }), seq: 2 });
    await vi.waitFor(() => expect(sent).toEqual([CONVERSATION]));
    expect(b.client.conversations()).toHaveLength(1);
  });

  it("runs only where no other tab runs it, and finds what the other has sent", async () => {
    const store = new MemoryStore();
    let held = Promise.resolve();
    const exclusively = (_: string, job: () => Promise<void>) => (held = held.then(job));
    const one = bench({ store, exclusively });
    const two = bench({ store, exclusively });
    await online(one, KNOWN);
    await online(two, KNOWN);
    const item = await one.client.send(CONVERSATION, "hello");
    const send = await one.peer.latest.expect("send");
    await two.client.send(CONVERSATION, "from the other tab");
    expect(two.peer.latest.inbox.filter((frame) => frame.type === "send")).toHaveLength(0);
    one.peer.latest.ok(send, { seq: 1 });
    const other = await two.peer.latest.expect("send");
    expect(other.body).toBe("from the other tab");
    expect(other.key).not.toBe(item.key);
  });
});

describe.each<[string, () => Store]>([
  ["memory", () => new MemoryStore()],
  ["IndexedDB", () => new IndexedDbStore("t", new IDBFactory())],
])("a reload with the %s store", (_, make) => {
  it("keeps the queue, its order and its keys", async () => {
    const store = make();
    const before = bench({ store });
    await online(before, KNOWN);
    before.peer.latest.end(1006);
    const keys = [];
    for (const body of ["one", "two"]) keys.push((await before.client.send(CONVERSATION, body)).key);
    const after = bench({ store });
    await online(after, KNOWN);
    for (const [index, body] of ["one", "two"].entries()) {
      const send = await after.peer.latest.expect("send");
      expect(send).toMatchObject({ body, key: keys[index] });
      after.peer.latest.ok(send, { seq: index + 1 });
    }
    await vi.waitFor(async () => expect(await store.queue(ANNA.id)).toHaveLength(0));
  });

  it("keeps threads with the position that they reach", async () => {
    const store = make();
    const before = bench({ store });
    await online(before, { streams: { [STREAM]: { epoch: "e1", seq: 2 } }, conversations: [summary({ last_seq: 2 })] });
    const thread = before.client.thread(CONVERSATION);
    before.peer.latest.ok(await before.peer.latest.expect("history"), { events: [message(1), message(2)], more: false });
    await vi.waitFor(() => expect(thread.loaded).toBe(true));
    before.peer.latest.push(message(3));
    before.timers.advance(1000);
    await vi.waitFor(async () => expect((await store.threads(ANNA.id))[0]?.position.seq).toBe(3));
    const after = bench({ store });
    await after.client.start();
    expect(after.client.person).toEqual(ANNA);
    expect(after.client.conversations()).toHaveLength(1);
    expect(after.client.thread(CONVERSATION).events.map((event) => event.seq)).toEqual([1, 2, 3]);
    expect((await after.peer.hello(1)).positions).toMatchObject({ [STREAM]: { epoch: "e1", seq: 3 } });
  });

  it("hands a guest's unsent words to the account", async () => {
    const store = make();
    await store.put({ key: "k", owner: "g1", order: 1, createdAt: 1, command: "send", conversation: CONVERSATION, body: "hi", state: "queued" });
    await store.adoptQueue("g1", "u7");
    expect(await store.queue("g1")).toHaveLength(0);
    expect(await store.queue("u7")).toMatchObject([{ key: "k", body: "hi" }]);
  });

  it("forgets a person's session and threads, never the queue", async () => {
    const store = make();
    await store.saveSession({ tokenId: "7", person: ANNA, positions: {}, conversations: [] });
    await store.saveThread(ANNA.id, { id: CONVERSATION, position: { epoch: "e", seq: 0 }, events: [], hasMore: false, openedAt: 1 });
    await store.put({ key: "k", owner: ANNA.id, order: 1, createdAt: 1, command: "send", conversation: CONVERSATION, body: "hi", state: "queued" });
    await store.forget("7");
    expect(await store.session("7")).toBeNull();
    expect(await store.threads(ANNA.id)).toHaveLength(0);
    expect(await store.queue(ANNA.id)).toHaveLength(1);
  });
});
