import { MemoryStore, OtvetClient, type Exclusively, type Store } from "../src/index.js";
import { ManualSurroundings, ManualTimers, Peer, ready } from "./peer.js";

export interface Bench {
  client: OtvetClient;
  peer: Peer;
  timers: ManualTimers;
  surroundings: ManualSurroundings;
  store: Store;
}

/** A client whose whole outside is in the test's hands. */
export function bench(options: { store?: Store; exclusively?: Exclusively; token?: () => string | null; device?: string } = {}): Bench {
  const peer = new Peer();
  const timers = new ManualTimers();
  const surroundings = new ManualSurroundings();
  const store = options.store ?? new MemoryStore();
  const client = new OtvetClient({
    url: "ws://test/ws",
    token: options.token ?? (() => "7|secret"),
    device: options.device ?? "test",
    store,
    random: () => 0.5,
    now: () => timers.now,
    webSocket: peer.webSocket,
    timers,
    surroundings,
    exclusively: options.exclusively ?? ((_, job) => job()),
  });
  return { client, peer, timers, surroundings, store };
}

/** Starts the client and answers its first hello. */
export async function online(bench: Bench, fields: object = {}): Promise<void> {
  await bench.client.start();
  const hello = await bench.peer.hello(1);
  bench.peer.latest.push(ready(hello.id as number, fields));
}
