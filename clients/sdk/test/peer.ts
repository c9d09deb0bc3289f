import { expect, vi } from "vitest";
import type { ClientFrame, Event, ServerFrame, SocketLike, Summary, Surroundings, Timers } from "../src/index.js";

type SentFrame = ClientFrame & Record<string, unknown>;

/** A clock that moves only when told. */
export class ManualTimers implements Timers {
  now = 1_700_000_000_000;
  #next = 1;
  readonly #timers = new Map<number, { at: number; callback: () => void }>();

  setTimeout(callback: () => void, ms: number): number {
    this.#timers.set(this.#next, { at: this.now + ms, callback });
    return this.#next++;
  }

  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number);
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.now = due[1].at;
      due[1].callback();
    }
    this.now = end;
  }
}

/** The server's end of every socket that the client opens: a script of pushes and expectations. */
export class Peer {
  readonly sockets: PeerSocket[] = [];
  readonly webSocket: new (url: string, protocols: string[]) => SocketLike;

  constructor() {
    const sockets = this.sockets;
    this.webSocket = class extends PeerSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    };
  }

  get latest(): PeerSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("the client has opened no socket");
    return socket;
  }

  /** Waits for the n-th socket, opens it and takes its hello. */
  async hello(count: number): Promise<SentFrame> {
    await vi.waitFor(() => expect(this.sockets.length).toBe(count));
    this.latest.onopen?.({} as never);
    return this.latest.expect("hello");
  }
}

export class PeerSocket implements SocketLike {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  /** Frames of the client that no expectation has taken yet. */
  readonly inbox: SentFrame[] = [];
  closedWith: number | undefined;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  send(data: string): void {
    this.inbox.push(JSON.parse(data) as SentFrame);
  }

  close(code?: number): void {
    this.closedWith = code;
  }

  push(...frames: ServerFrame[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The server, or the network, ends the connection. */
  end(code: number): void {
    this.onclose?.({ code });
  }

  /** Takes the first frame of that type; others stay for later expectations. */
  async expect(type: string): Promise<SentFrame> {
    return vi.waitFor(() => {
      const at = this.inbox.findIndex((frame) => frame.type === type);
      expect(at, `a ${type} among ${this.inbox.map((frame) => frame.type).join(", ") || "nothing"}`).toBeGreaterThanOrEqual(0);
      return this.inbox.splice(at, 1)[0]!;
    });
  }

  ok(command: SentFrame, fields: object = {}): void {
    this.push({ type: "ok", id: command.id!, ...fields });
  }
}

/** A device whose network and page are switched by the test. */
export class ManualSurroundings implements Surroundings {
  offline = false;
  readonly #wake = new Set<() => void>();
  readonly #offline = new Set<() => void>();

  isOffline(): boolean {
    return this.offline;
  }

  onWake(callback: () => void): () => void {
    this.#wake.add(callback);
    return () => this.#wake.delete(callback);
  }

  onOffline(callback: () => void): () => void {
    this.#offline.add(callback);
    return () => this.#offline.delete(callback);
  }

  wake(): void {
    this.offline = false;
    for (const callback of this.#wake) callback();
  }

  goOffline(): void {
    this.offline = true;
    for (const callback of this.#offline) callback();
  }
}

export const ANNA = { id: "u7", role: "visitor", name: "Анна" } as const;
export const BORIS = { id: "u2", role: "manager", name: "Boris" } as const;
export const CONVERSATION = "0192f0c1-2345-7abc-8def-0123456789ab";
export const STREAM = `conversation/${CONVERSATION}`;

export function at(seq: number): string {
  return new Date(1_700_000_000_000 + seq * 1000).toISOString();
}

export function message(seq: number, options: { body?: string; key?: string; author?: typeof ANNA | typeof BORIS; stream?: string } = {}): Event {
  const { body = `message ${seq}`, key = `k${seq}`, author = BORIS, stream = STREAM } = options;
  return { type: "event", stream, seq, at: at(seq), kind: "message", author, body, key, attachments: [] };
}

export function messages(from: number, to: number): Event[] {
  return Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
}

export function summary(fields: Partial<Summary> = {}): Summary {
  return {
    id: CONVERSATION, subject: null, status: "claimed", visitor: ANNA, manager: BORIS, last_seq: 0, last_message: null, unread: 0,
    cursors: {}, opened_at: at(0), updated_at: at(fields.last_seq ?? 0), ...fields,
  };
}

export function ready(id: number, fields: object = {}): ServerFrame {
  return {
    type: "ready", id, person: ANNA, session: "s1", heartbeat_s: 25, epoch: "e1", streams: {}, conversations: [], recovered: {},
    limits: {
      frame_bytes: 65536, body_chars: 4000, subject_chars: 200, commands_per_second: 20, burst: 40, unanswered_commands: 16,
      connections_per_person: 10, outbox_bytes: 1048576,
    },
    ...fields,
  };
}
