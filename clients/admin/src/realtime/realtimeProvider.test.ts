import type { ClientEvents, Event, Summary } from "@otvet/sdk";
import { describe, expect, it } from "vitest";
import { ANNA, at, conversation, VISITOR } from "../testing";
import { CONVERSATIONS_TOPIC, conversationOf, conversationTopic, type RealtimeEvent } from "./contract";
import { createRealtimeProvider, type RealtimeSource } from "./realtimeProvider";

const NOW = new Date(at("12:00"));

/** Stands where the SDK's client does: says what it is told to, and writes down what it is asked. */
class Source {
  readonly asked: string[] = [];
  listed: Summary[] = [];
  readonly person = ANNA;
  readonly #handlers = new Map<string, ((value: never) => void)[]>();

  on<K extends keyof ClientEvents>(kind: K, handler: (value: ClientEvents[K]) => void): () => void {
    this.#handlers.set(kind, [...(this.#handlers.get(kind) ?? []), handler]);
    return () => undefined;
  }

  say<K extends keyof ClientEvents>(kind: K, value: ClientEvents[K]): void {
    for (const handler of this.#handlers.get(kind) ?? []) handler(value as never);
  }

  conversations(): Summary[] {
    return this.listed;
  }

  typing(id: string): void {
    this.asked.push(`typing ${id}`);
  }

  async read(id: string, seq: number): Promise<void> {
    this.asked.push(`read ${id} ${seq}`);
  }
}

async function listening(...topics: string[]) {
  const source = new Source();
  const provider = createRealtimeProvider(source satisfies RealtimeSource, () => NOW);
  const heard: RealtimeEvent[] = [];
  const callback = (event: RealtimeEvent) => heard.push(event);
  for (const topic of topics) await provider.subscribe(topic, callback);
  return { source, provider, heard, callback };
}

function inboxEvent(seq: number, body: { kind: "upsert"; conversation: Summary } | { kind: "remove"; conversation_id: string }): Event {
  return { type: "event", stream: "inbox/u2", seq, at: at("12:00"), ...body };
}

const message: Event = { type: "event", stream: "conversation/a", seq: 3, at: at("12:00"), kind: "message", author: VISITOR, body: "hi", key: "k", attachments: [] };

describe("topics", () => {
  it("name a conversation and are read back", () => {
    expect(conversationTopic("a")).toBe("resource/conversations/a");
    expect(conversationOf("resource/conversations/a")).toBe("a");
    expect(conversationOf(CONVERSATIONS_TOPIC)).toBeNull();
    expect(conversationOf("resource/people/a")).toBeNull();
  });
});

describe("the list's topic", () => {
  it("tells created, updated and deleted in React Admin's form", async () => {
    const { source, heard } = await listening(CONVERSATIONS_TOPIC);
    source.say("event", inboxEvent(1, { kind: "upsert", conversation: conversation("a") }));
    source.say("event", inboxEvent(2, { kind: "upsert", conversation: conversation("a", { last_seq: 3 }) }));
    source.say("event", inboxEvent(3, { kind: "remove", conversation_id: "a" }));
    expect(heard.map(({ type }) => type)).toEqual(["created", "updated", "deleted"]);
    expect(heard[2]).toEqual({ topic: CONVERSATIONS_TOPIC, type: "deleted", payload: { ids: ["a"] }, date: NOW.toISOString() });
  });

  it("tells what the server lists whenever the connection is up to date again", async () => {
    const { source, heard } = await listening(CONVERSATIONS_TOPIC);
    source.listed = [conversation("a"), conversation("b")];
    source.say("ready", {} as ClientEvents["ready"]);
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ type: "synced", payload: { ids: ["a", "b"] } });
    source.say("event", inboxEvent(1, { kind: "upsert", conversation: conversation("b") }));
    expect(heard[1]?.type).toBe("updated");
  });

  it("follows a message of a thread with the record that the SDK has brought up to date", async () => {
    const { source, heard } = await listening(CONVERSATIONS_TOPIC);
    source.listed = [conversation("a", { last_seq: 3 })];
    source.say("event", message);
    expect(heard).toMatchObject([{ type: "updated", payload: { ids: ["a"], record: { last_seq: 3 } } }]);
  });
});

describe("a conversation's topic", () => {
  it("hears its own events and signals only", async () => {
    const { source, heard } = await listening(conversationTopic("a"));
    source.say("event", message);
    source.say("event", { ...message, stream: "conversation/b" });
    source.say("signal", { type: "signal", kind: "typing", conversation: "a", person: VISITOR });
    source.say("signal", { type: "signal", kind: "typing", conversation: "b", person: VISITOR });
    expect(heard.map(({ type }) => type)).toEqual(["event", "signal"]);
  });

  it("is silent after unsubscribing", async () => {
    const { source, provider, heard, callback } = await listening(conversationTopic("a"));
    await provider.unsubscribe(conversationTopic("a"), callback);
    source.say("event", message);
    expect(heard).toEqual([]);
  });
});

describe("publishing", () => {
  it("typing and read go out; one's own mark counts here at once", async () => {
    const { source, provider, heard } = await listening(conversationTopic("a"));
    await provider.publish(conversationTopic("a"), { type: "typing" });
    await provider.publish(conversationTopic("a"), { type: "read", payload: { seq: 3 } });
    expect(source.asked).toEqual(["typing a", "read a 3"]);
    expect(heard).toMatchObject([{ type: "signal", payload: { signal: { kind: "read", person: ANNA, seq: 3 } } }]);
  });

  it("anything else is refused: conversations change by commands", async () => {
    const { provider } = await listening();
    await expect(provider.publish(CONVERSATIONS_TOPIC, { type: "updated" })).rejects.toThrow("by commands");
    await expect(provider.publish(conversationTopic("a"), { type: "read" })).rejects.toThrow("by commands");
  });
});
