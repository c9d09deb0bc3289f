import { describe, expect, it, vi } from "vitest";
import type { Event } from "../src/index.js";
import { ANNA, at, BORIS, CONVERSATION, message, messages, ready, STREAM, summary } from "./peer.js";
import { bench, type Bench, online } from "./setup.js";

const HEAD = { [STREAM]: { epoch: "e1", seq: 10 } };

/** Online, with the thread loaded up to 10. */
async function withThread(b: Bench = bench()) {
  await online(b, { streams: HEAD, conversations: [summary({ last_seq: 10 })] });
  const thread = b.client.thread(CONVERSATION);
  const heard: number[] = [];
  b.client.on("event", (event) => event.stream === STREAM && heard.push(event.seq));
  const history = await b.peer.latest.expect("history");
  expect(history).toMatchObject({ conversation: CONVERSATION, limit: 50 });
  b.peer.latest.ok(history, { events: messages(6, 10), more: true });
  await vi.waitFor(() => expect(thread.loaded).toBe(true));
  const seqs = () => thread.events.map((event) => event.seq);
  return { ...b, thread, heard, seqs };
}

describe("delivery", () => {
  it("applies events in order and drops doubled ones", async () => {
    const { peer, heard, seqs } = await withThread();
    peer.latest.push(message(11), message(11), message(9), message(12));
    expect(heard).toEqual([11, 12]);
    expect(seqs()).toEqual([6, 7, 8, 9, 10, 11, 12]);
  });

  it("heals a gap by history before it shows anything later", async () => {
    const { peer, heard, seqs } = await withThread();
    peer.latest.push(message(11), message(14), message(15));
    expect(seqs().at(-1)).toBe(11);
    const history = await peer.latest.expect("history");
    expect(history).toMatchObject({ conversation: CONVERSATION, after: 11 });
    peer.latest.push(message(16));
    peer.latest.ok(history, { events: messages(12, 14), more: false });
    await vi.waitFor(() => expect(heard).toEqual([11, 12, 13, 14, 15, 16]));
    expect(seqs()).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  });

  it("starts over on a new socket when a gap cannot be healed", async () => {
    const { peer, client, timers } = await withThread();
    peer.latest.push(message(13));
    const history = await peer.latest.expect("history");
    peer.latest.push({ type: "error", id: history.id!, code: "unavailable", message: "later" });
    await vi.waitFor(() => expect(client.state).toBe("waiting"));
    timers.advance(250);
    expect((await peer.hello(2)).positions).toEqual({ [STREAM]: { epoch: "e1", seq: 10 } });
  });

  it("resumes from its positions and takes exactly what it missed", async () => {
    const { peer, timers, heard, seqs } = await withThread();
    peer.latest.push(message(11));
    peer.latest.end(1006);
    timers.advance(250);
    const hello = await peer.hello(2);
    expect(hello.positions).toEqual({ [STREAM]: { epoch: "e1", seq: 11 } });
    peer.latest.push(
      ready(hello.id as number, { streams: { [STREAM]: { epoch: "e1", seq: 13 } }, recovered: { [STREAM]: true }, conversations: [summary({ last_seq: 13 })] }),
      message(12), message(13), message(14),
    );
    expect(heard).toEqual([11, 12, 13, 14]);
    expect(seqs().at(-1)).toBe(14);
  });

  it("replaces the thread by the snapshot when it could not be recovered", async () => {
    const { peer, timers, thread, seqs } = await withThread();
    peer.latest.end(1012);
    timers.advance(250);
    const hello = await peer.hello(2);
    peer.latest.push(
      ready(hello.id as number, { streams: { [STREAM]: { epoch: "e2", seq: 99 } }, recovered: { [STREAM]: false }, conversations: [summary({ last_seq: 99 })] }),
      { type: "reset", stream: STREAM, epoch: "e2", seq: 99, snapshot: { conversation: summary({ last_seq: 99 }), events: messages(97, 99), more: true } },
      message(100),
    );
    expect(seqs()).toEqual([97, 98, 99, 100]);
    expect(thread.hasMore).toBe(true);
    peer.latest.end(1006);
    timers.advance(250);
    expect((await peer.hello(3)).positions).toEqual({ [STREAM]: { epoch: "e2", seq: 100 } });
  });

  it("loads older events before the first and never twice at once", async () => {
    const { peer, thread, seqs } = await withThread();
    const both = [thread.loadOlder(), thread.loadOlder()];
    const history = await peer.latest.expect("history");
    expect(history).toMatchObject({ before: 6, limit: 50 });
    peer.latest.ok(history, { events: messages(1, 5), more: false });
    await Promise.all(both);
    expect(seqs()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(thread.hasMore).toBe(false);
    await thread.loadOlder();
    expect(peer.latest.inbox).toHaveLength(0);
  });

  it("puts live events that overtake the first page after it", async () => {
    const b = bench();
    await online(b, { streams: HEAD, conversations: [summary({ last_seq: 10 })] });
    const thread = b.client.thread(CONVERSATION);
    const history = await b.peer.latest.expect("history");
    b.peer.latest.push(message(11), message(12));
    b.peer.latest.ok(history, { events: messages(6, 10), more: true });
    await vi.waitFor(() => expect(thread.events.map((event) => event.seq)).toEqual([6, 7, 8, 9, 10, 11, 12]));
  });

  it("resumes a conversation that began after `ready` under the epoch that `ready` named for all", async () => {
    const b = bench();
    await online(b);
    const thread = b.client.thread(CONVERSATION);
    b.peer.latest.ok(await b.peer.latest.expect("history"), { events: messages(1, 3), more: false });
    await vi.waitFor(() => expect(thread.loaded).toBe(true));
    b.peer.latest.end(1006);
    b.timers.advance(250);
    const hello = await b.peer.hello(2);
    expect(hello.positions).toEqual({ [STREAM]: { epoch: "e1", seq: 3 } });
  });

  it("heals a thread whose stream has no known epoch by history after a reconnect", async () => {
    const b = bench();
    await online(b, { epoch: "" });
    const thread = b.client.thread(CONVERSATION);
    b.peer.latest.ok(await b.peer.latest.expect("history"), { events: messages(1, 3), more: false });
    await vi.waitFor(() => expect(thread.loaded).toBe(true));
    b.peer.latest.end(1006);
    b.timers.advance(250);
    const hello = await b.peer.hello(2);
    expect(hello.positions).toBeUndefined();
    b.peer.latest.push(ready(hello.id as number, { streams: { [STREAM]: { epoch: "e1", seq: 5 } } }));
    const history = await b.peer.latest.expect("history");
    expect(history).toMatchObject({ after: 3 });
    b.peer.latest.ok(history, { events: messages(4, 5), more: false });
    await vi.waitFor(() => expect(thread.events).toHaveLength(5));
  });

  it("watches again on the next connection, and fetches what came between", async () => {
    const b = bench();
    await online(b);
    const watching = b.client.watch(CONVERSATION);
    b.peer.latest.ok(await b.peer.latest.expect("watch"), { position: { epoch: "e1", seq: 2 } });
    await watching;
    const thread = b.client.thread(CONVERSATION);
    b.peer.latest.ok(await b.peer.latest.expect("history"), { events: messages(1, 2), more: false });
    await vi.waitFor(() => expect(thread.loaded).toBe(true));
    b.peer.latest.push(message(3));
    b.peer.latest.end(1006);
    b.timers.advance(250);
    const hello = await b.peer.hello(2);
    expect(hello.positions).toEqual({ [STREAM]: { epoch: "e1", seq: 3 } });
    b.peer.latest.push(ready(hello.id as number, { recovered: { [STREAM]: true } }));
    b.peer.latest.ok(await b.peer.latest.expect("watch"), { position: { epoch: "e1", seq: 4 } });
    const heal = await b.peer.latest.expect("history");
    b.peer.latest.ok(heal, { events: [message(4)], more: false });
    await vi.waitFor(() => expect(thread.events.map((event) => event.seq)).toEqual([1, 2, 3, 4]));
  });
});

describe("the list", () => {
  const upsert = (seq: number, fields: object): Event => ({ type: "event", stream: "session/u7", seq, at: at(seq), kind: "upsert", conversation: summary(fields) });

  it("follows upserts, and passes over those that ready has told already", async () => {
    const b = bench();
    await online(b, { streams: { "session/u7": { epoch: "s", seq: 5 } }, conversations: [summary({ last_seq: 8, unread: 2 })] });
    b.peer.latest.push(upsert(6, { last_seq: 9, unread: 3 }));
    expect(b.client.conversations()).toMatchObject([{ last_seq: 9, unread: 3 }]);
    b.peer.latest.end(1006);
    b.timers.advance(250);
    const hello = await b.peer.hello(2);
    expect(hello.positions).toEqual({ "session/u7": { epoch: "s", seq: 6 } });
    b.peer.latest.push(
      ready(hello.id as number, { streams: { "session/u7": { epoch: "s", seq: 8 } }, recovered: { "session/u7": true }, conversations: [summary({ last_seq: 9, unread: 0 })] }),
      upsert(7, { last_seq: 9, unread: 3 }), upsert(8, { last_seq: 9, unread: 0 }),
    );
    expect(b.client.conversations()).toMatchObject([{ unread: 0 }]);
  });

  it("counts a message before its upsert has come, and not twice after", async () => {
    const b = bench();
    await online(b, { streams: { ...HEAD, "session/u7": { epoch: "s", seq: 0 } }, conversations: [summary({ last_seq: 10 })] });
    b.peer.latest.push(message(11, { body: "answer" }));
    expect(b.client.conversations()).toMatchObject([{ unread: 1, last_message: { body: "answer" } }]);
    b.peer.latest.push(upsert(1, { last_seq: 11, unread: 1, last_message: { seq: 11, at: at(11), author: BORIS, body: "answer" } }));
    expect(b.client.conversations()).toMatchObject([{ unread: 1 }]);
  });

  it("reads at once, sends only the furthest mark, and is not undone by an older upsert", async () => {
    const b = bench();
    const last_message = { seq: 11, at: at(11), author: BORIS, body: "x" };
    await online(b, { streams: { "session/u7": { epoch: "s", seq: 0 } }, conversations: [summary({ last_seq: 11, unread: 1, last_message })] });
    void b.client.read(CONVERSATION, 9);
    void b.client.read(CONVERSATION, 10);
    const done = b.client.read(CONVERSATION, 11);
    expect(b.client.conversations()).toMatchObject([{ unread: 0, cursors: { [ANNA.id]: { read: 11 } } }]);
    b.peer.latest.push(upsert(1, { last_seq: 11, unread: 1, last_message }));
    expect(b.client.conversations()).toMatchObject([{ unread: 0 }]);
    const first = await b.peer.latest.expect("read");
    b.peer.latest.ok(first);
    const second = await b.peer.latest.expect("read");
    expect([first.seq, second.seq]).toEqual([9, 11]);
    b.peer.latest.ok(second);
    await done;
  });

  it("takes receipts of others from signals", async () => {
    const b = bench();
    await online(b, { conversations: [summary({ last_seq: 10 })] });
    b.peer.latest.push({ type: "signal", kind: "read", conversation: CONVERSATION, person: BORIS, seq: 10 });
    expect(b.client.conversations()[0]?.cursors[BORIS.id]).toEqual({ delivered: 10, read: 10 });
  });
});
