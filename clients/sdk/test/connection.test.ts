import { describe, expect, it, vi } from "vitest";
import { BACKOFF_CAP, backoffDelay } from "../src/backoff.js";
import { afterClose } from "../src/index.js";
import { ready } from "./peer.js";
import { bench, online } from "./setup.js";

describe("back-off", () => {
  it("is full jitter between nothing and a bound that doubles up to the cap", () => {
    for (const [attempt, bound] of [[0, 500], [1, 1000], [3, 4000], [6, BACKOFF_CAP], [1000, BACKOFF_CAP]] as const) {
      expect(backoffDelay(attempt, 0)).toBe(0);
      expect(backoffDelay(attempt, 0.999999)).toBeLessThanOrEqual(bound);
      expect(backoffDelay(attempt, 0.999999)).toBeGreaterThan(bound * 0.99);
    }
  });

  it("gives the server at least the time it asked for", () => {
    expect(backoffDelay(0, 0, 5000)).toBe(5000);
    expect(backoffDelay(0, 0.5, 5000)).toBe(5250);
  });
});

describe("close codes", () => {
  it.each([
    [1000, "return"], [1001, "return"], [1006, "return"], [1007, "return"], [1009, "return"], [1012, "return"],
    [4400, "stay_away"], [4401, "sign_in"], [4403, "stay_away"], [4500, "return"], [4504, "return"], [4508, "return"], [4529, "return"],
  ] as const)("%i means %s", (code, meaning) => {
    expect(afterClose(code)).toBe(meaning);
  });

  it.each([[4401, "signed_out"], [4400, "refused"], [4403, "refused"]] as const)("after %i the client is %s and does not come back", async (code, state) => {
    const b = bench();
    await online(b);
    b.peer.latest.end(code);
    b.timers.advance(600_000);
    b.surroundings.wake();
    expect(b.client.state).toBe(state);
    expect(b.peer.sockets).toHaveLength(1);
  });

  it.each([1000, 1001, 1006, 1012, 4500, 4504, 4508, 4529])("after %i it backs off and returns", async (code) => {
    const b = bench();
    await online(b);
    b.peer.latest.end(code);
    expect(b.client.state).toBe("waiting");
    b.timers.advance(249);
    expect(b.peer.sockets).toHaveLength(1);
    b.timers.advance(1);
    expect(b.peer.sockets).toHaveLength(2);
    expect(b.client.state).toBe("connecting");
  });
});

describe("connection", () => {
  it("speaks the JSON subprotocol and greets with the token, not in the address", async () => {
    const b = bench();
    await b.client.start();
    const hello = await b.peer.hello(1);
    expect(b.peer.latest.protocols).toEqual(["otvet.v1.json"]);
    expect(b.peer.latest.url).toBe("ws://test/ws");
    expect(hello).toEqual({ type: "hello", id: hello.id, token: "7|secret", device: "test" });
  });

  it("doubles the back-off with each failure and starts over after ready", async () => {
    const b = bench();
    await online(b);
    for (const delay of [250, 500, 1000, 2000]) {
      b.peer.latest.end(1006);
      const before = b.peer.sockets.length;
      b.timers.advance(delay - 1);
      expect(b.peer.sockets).toHaveLength(before);
      b.timers.advance(1);
      expect(b.peer.sockets).toHaveLength(before + 1);
    }
    const hello = await b.peer.hello(5);
    b.peer.latest.push(ready(hello.id as number));
    b.peer.latest.end(1006);
    b.timers.advance(250);
    expect(b.peer.sockets).toHaveLength(6);
  });

  it("honours bye", async () => {
    const b = bench();
    await online(b);
    b.peer.latest.push({ type: "bye", retry_after_ms: 4000 });
    b.peer.latest.end(1012);
    b.timers.advance(4249);
    expect(b.peer.sockets).toHaveLength(1);
    b.timers.advance(1);
    expect(b.peer.sockets).toHaveLength(2);
  });

  it("asks after a silent heartbeat and drops a socket that does not answer in 10 s", async () => {
    const b = bench();
    await online(b);
    b.timers.advance(24_999);
    expect(b.peer.latest.inbox.filter((frame) => frame.type === "ping")).toHaveLength(0);
    b.timers.advance(1);
    const ping = await b.peer.latest.expect("ping");
    b.peer.latest.ok(ping);
    b.timers.advance(25_000);
    await b.peer.latest.expect("ping");
    b.timers.advance(9_999);
    expect(b.client.state).toBe("online");
    b.timers.advance(1);
    expect(b.client.state).toBe("waiting");
    expect(b.peer.latest.closedWith).toBe(1000);
  });

  it("gives up a handshake that takes too long", async () => {
    const b = bench();
    await b.client.start();
    b.timers.advance(15_000);
    expect(b.client.state).toBe("waiting");
  });

  it("waits without attempts while the device is offline and comes back at once", async () => {
    const b = bench();
    await online(b);
    b.surroundings.goOffline();
    expect(b.client.state).toBe("offline");
    b.timers.advance(600_000);
    expect(b.peer.sockets).toHaveLength(1);
    b.surroundings.wake();
    expect(b.peer.sockets).toHaveLength(2);
  });

  it("does not wait out a back-off when the page is seen again", async () => {
    const b = bench();
    await online(b);
    b.peer.latest.end(1006);
    b.surroundings.wake();
    expect(b.peer.sockets).toHaveLength(2);
  });

  it("tests a socket that may have died in the device's sleep as soon as it wakes", async () => {
    const b = bench();
    await online(b);
    b.surroundings.wake();
    await b.peer.latest.expect("ping");
    b.timers.advance(10_000);
    expect(b.client.state).toBe("waiting");
  });

  it("is signed out from the start without a token, and starts when there is one", async () => {
    let token: string | null = null;
    const b = bench({ token: () => token });
    await b.client.start();
    expect(b.client.state).toBe("signed_out");
    token = "8|other";
    await b.client.start();
    expect((await b.peer.hello(1)).token).toBe("8|other");
  });

  it("closes with 1000 when stopped, and stays away", async () => {
    const b = bench();
    await online(b);
    b.client.stop();
    expect(b.peer.latest.closedWith).toBe(1000);
    b.timers.advance(600_000);
    expect(b.client.state).toBe("idle");
    expect(b.peer.sockets).toHaveLength(1);
  });

  it("keeps room for its own ping below the server's bound of unanswered commands", async () => {
    const b = bench();
    await online(b);
    const answers = Array.from({ length: 20 }, () => b.client.history("c", { limit: 1 }));
    const asked = () => b.peer.latest.inbox.filter((frame) => frame.type === "history").length;
    expect(asked()).toBe(15);
    b.peer.latest.ok(await b.peer.latest.expect("history"), { events: [], more: false });
    await answers[0];
    expect(asked()).toBe(15);
  });

  it("rejects what must not happen later, and repeats what may", async () => {
    const b = bench();
    await online(b);
    const claim = b.client.claim("c");
    const history = b.client.history("c");
    await b.peer.latest.expect("claim");
    b.peer.latest.end(1006);
    await expect(claim).rejects.toThrow("connection was lost");
    await expect(b.client.resolve("c")).rejects.toThrow("no connection");
    b.timers.advance(250);
    const hello = await b.peer.hello(2);
    b.peer.latest.push(ready(hello.id as number));
    b.peer.latest.ok(await b.peer.latest.expect("history"), { events: [], more: false });
    await expect(history).resolves.toEqual({ events: [], more: false });
  });

  it("passes over frames of a type it does not know", async () => {
    const b = bench();
    await online(b);
    b.peer.latest.onmessage?.({ data: '{"type":"weather","sun":true}' });
    expect(b.client.state).toBe("online");
    b.peer.latest.onmessage?.({ data: "not json" });
    await vi.waitFor(() => expect(b.client.state).toBe("waiting"));
  });
});
