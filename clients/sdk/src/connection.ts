import { backoffDelay } from "./backoff.js";
import { decodeFrame, encodeFrame, SUBPROTOCOL } from "./codec.js";
import { CLOSE } from "./close_codes.js";
import type { SocketConstructor, SocketLike, Surroundings, Timers } from "./environment.js";
import { type Effect, IDLE, type Input, type Machine, step, type TimerPurpose } from "./machine.js";
import type { ClientFrame, ConnectionState, ServerFrame } from "./types.js";

export interface ConnectionOptions {
  url: string;
  webSocket: SocketConstructor;
  timers: Timers;
  random: () => number;
  surroundings: Surroundings;
  signedIn: () => boolean;
  hello: () => ClientFrame;
  ping: () => ClientFrame;
  /** Every frame, in order. */
  received: (frame: ServerFrame) => void;
  /** The socket is gone; what was asked on it is unanswered. */
  lost: () => void;
  stateChanged: (state: ConnectionState) => void;
}

/** Carries out what {@link step} decides: the socket, its timer and the device's signals are here, and no rule is. */
export class Connection {
  readonly #options: ConnectionOptions;
  #machine: Machine = IDLE;
  #socket: SocketLike | null = null;
  #timer: unknown = null;
  #stopListening: (() => void)[] = [];

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#machine.state;
  }

  start(): void {
    if (this.#stopListening.length === 0) {
      this.#stopListening = [
        this.#options.surroundings.onWake(() => this.#input({ type: "woke" })),
        this.#options.surroundings.onOffline(() => this.#input({ type: "went_offline" })),
      ];
    }
    this.#input({ type: "start", offline: this.#options.surroundings.isOffline(), signedIn: this.#options.signedIn() });
  }

  stop(): void {
    for (const stop of this.#stopListening) stop();
    this.#stopListening = [];
    this.#input({ type: "stop" });
  }

  /** Starts over on a new socket, from the positions. */
  restart(): void {
    this.#input({ type: "restart" });
  }

  send(frame: ClientFrame): void {
    this.#socket?.send(encodeFrame(frame));
  }

  #input(input: Input): void {
    const before = this.#machine.state;
    const [machine, effects] = step(this.#machine, input);
    this.#machine = machine;
    for (const effect of effects) this.#carryOut(effect);
    if (machine.state !== before) this.#options.stateChanged(machine.state);
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "open_socket":
        return this.#open();
      case "send_hello":
        return this.send(this.#options.hello());
      case "send_ping":
        return this.send(this.#options.ping());
      case "drop_socket":
        return this.#drop();
      case "lost":
        return this.#options.lost();
      case "arm":
        return this.#arm(effect.purpose, effect.ms);
      case "arm_retry":
        return this.#arm("retry", backoffDelay(effect.attempt, this.#options.random(), effect.atLeast));
      case "disarm":
        return this.#disarm();
    }
  }

  #open(): void {
    const socket = new this.#options.webSocket(this.#options.url, [SUBPROTOCOL]);
    this.#socket = socket;
    socket.onopen = () => this.#input({ type: "opened" });
    socket.onmessage = (event) => this.#message(event.data);
    socket.onclose = (event) => {
      this.#socket = null;
      this.#input({ type: "closed", code: event.code, offline: this.#options.surroundings.isOffline() });
    };
  }

  #message(data: unknown): void {
    let frame: ServerFrame | null;
    try {
      frame = decodeFrame(String(data));
    } catch {
      return this.restart();
    }
    // First what the frame says, then what it means for the connection: whoever hears "online" finds the lists filled.
    if (frame) this.#options.received(frame);
    if (frame?.type === "ready") this.#input({ type: "ready", heartbeatMs: frame.heartbeat_s * 1000 });
    else if (frame?.type === "bye") this.#input({ type: "bye", retryAfterMs: frame.retry_after_ms });
    else this.#input({ type: "received" });
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    // A dead network may take a minute to report the close: this side has made up its mind already.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(CLOSE.normal);
  }

  #arm(purpose: TimerPurpose, ms: number): void {
    this.#disarm();
    this.#timer = this.#options.timers.setTimeout(() => {
      this.#timer = null;
      this.#input({ type: "timer", purpose });
    }, ms);
  }

  #disarm(): void {
    this.#options.timers.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
