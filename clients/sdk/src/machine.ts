import { afterClose } from "./close_codes.js";
import type { ConnectionState } from "./types.js";

/** Milliseconds that the handshake and the answer to `hello` may take together. */
export const CONNECT_TIMEOUT = 15_000;
/** Milliseconds that the answer to a `ping` may take. */
export const PONG_TIMEOUT = 10_000;

/** The one timer of the machine: in each phase it waits for one thing only. */
export type TimerPurpose = "connect" | "heartbeat" | "pong" | "retry";

/** Where a connection stands. A value; {@link step} makes the next one. */
export interface Machine {
  readonly state: ConnectionState;
  /** Whether `hello` has been sent on the present socket. */
  readonly greeted: boolean;
  /** Failures since the last `ready`. */
  readonly attempt: number;
  /** Milliseconds until the present socket counts as silent. */
  readonly heartbeat: number;
  /** Milliseconds that the server asked to stay away, from `bye`. */
  readonly retryAfter: number;
}

export type Input =
  | { type: "start"; offline: boolean; signedIn: boolean }
  | { type: "stop" }
  | { type: "opened" }
  | { type: "received" }
  | { type: "ready"; heartbeatMs: number }
  | { type: "bye"; retryAfterMs: number }
  | { type: "closed"; code: number; offline: boolean }
  | { type: "timer"; purpose: TimerPurpose }
  | { type: "woke" }
  | { type: "went_offline" }
  /** What was received makes no sense on this socket; a new one starts over from the positions. */
  | { type: "restart" };

export type Effect =
  | { type: "open_socket" }
  | { type: "send_hello" }
  | { type: "send_ping" }
  /** Close the socket and hear no more of it. */
  | { type: "drop_socket" }
  /** What was asked on the lost socket is unanswered. */
  | { type: "lost" }
  | { type: "arm"; purpose: TimerPurpose; ms: number }
  /** Arm the retry timer by the back-off. */
  | { type: "arm_retry"; attempt: number; atLeast: number }
  | { type: "disarm" };

export const IDLE: Machine = { state: "idle", greeted: false, attempt: 0, heartbeat: 25_000, retryAfter: 0 };

/** Decides what an input means. Pure: what is to be done comes back as effects, in order. */
export function step(machine: Machine, input: Input): [Machine, Effect[]] {
  switch (input.type) {
    case "start":
      if (machine.state !== "idle" && machine.state !== "signed_out" && machine.state !== "refused") return [machine, []];
      if (!input.signedIn) return [{ ...IDLE, state: "signed_out" }, []];
      return input.offline ? [{ ...IDLE, state: "offline" }, []] : connect({ ...IDLE });
    case "stop":
      return [{ ...IDLE }, hasSocket(machine) ? [{ type: "disarm" }, { type: "drop_socket" }, { type: "lost" }] : [{ type: "disarm" }]];
    case "opened":
      return machine.state === "connecting" ? [{ ...machine, greeted: true }, [{ type: "send_hello" }]] : [machine, []];
    case "ready":
      if (machine.state !== "connecting") return [machine, []];
      return [
        { ...machine, state: "online", attempt: 0, retryAfter: 0, heartbeat: input.heartbeatMs },
        [{ type: "arm", purpose: "heartbeat", ms: input.heartbeatMs }],
      ];
    case "received":
      return machine.state === "online" ? [machine, [{ type: "arm", purpose: "heartbeat", ms: machine.heartbeat }]] : [machine, []];
    case "bye":
      return [{ ...machine, retryAfter: input.retryAfterMs }, []];
    case "closed":
      return hasSocket(machine) ? closed(machine, input.code, input.offline) : [machine, []];
    case "timer":
      return timer(machine, input.purpose);
    case "woke":
      return woke(machine);
    case "went_offline":
      if (hasSocket(machine)) return [{ ...machine, state: "offline", greeted: false }, [{ type: "disarm" }, { type: "drop_socket" }, { type: "lost" }]];
      return machine.state === "waiting" ? [{ ...machine, state: "offline" }, [{ type: "disarm" }]] : [machine, []];
    case "restart":
      return hasSocket(machine) ? dropped(machine) : [machine, []];
  }
}

function hasSocket(machine: Machine): boolean {
  return machine.state === "connecting" || machine.state === "online";
}

function connect(machine: Machine): [Machine, Effect[]] {
  return [
    { ...machine, state: "connecting", greeted: false },
    [{ type: "arm", purpose: "connect", ms: CONNECT_TIMEOUT }, { type: "open_socket" }],
  ];
}

function closed(machine: Machine, code: number, offline: boolean): [Machine, Effect[]] {
  switch (afterClose(code)) {
    case "sign_in":
      return [{ ...IDLE, state: "signed_out" }, [{ type: "disarm" }, { type: "lost" }]];
    case "stay_away":
      return [{ ...IDLE, state: "refused" }, [{ type: "disarm" }, { type: "lost" }]];
    case "return":
      if (offline) return [{ ...machine, state: "offline", greeted: false }, [{ type: "disarm" }, { type: "lost" }]];
      return retry(machine, [{ type: "lost" }]);
  }
}

/** The socket is given up by this side. */
function dropped(machine: Machine): [Machine, Effect[]] {
  return retry(machine, [{ type: "drop_socket" }, { type: "lost" }]);
}

function retry(machine: Machine, before: Effect[]): [Machine, Effect[]] {
  return [
    { ...machine, state: "waiting", greeted: false, attempt: machine.attempt + 1, retryAfter: 0 },
    [...before, { type: "arm_retry", attempt: machine.attempt, atLeast: machine.retryAfter }],
  ];
}

function timer(machine: Machine, purpose: TimerPurpose): [Machine, Effect[]] {
  if (purpose === "retry" && machine.state === "waiting") return connect(machine);
  if (purpose === "heartbeat" && machine.state === "online") {
    return [machine, [{ type: "send_ping" }, { type: "arm", purpose: "pong", ms: PONG_TIMEOUT }]];
  }
  if (purpose === "pong" && machine.state === "online") return dropped(machine);
  if (purpose === "connect" && machine.state === "connecting") return dropped(machine);
  return [machine, []];
}

/** A page that comes back from sleep may hold a socket that died meanwhile: ask at once instead of waiting a heartbeat. */
function woke(machine: Machine): [Machine, Effect[]] {
  switch (machine.state) {
    case "waiting":
    case "offline":
      return connect(machine);
    case "online":
      return [machine, [{ type: "send_ping" }, { type: "arm", purpose: "pong", ms: PONG_TIMEOUT }]];
    default:
      return [machine, []];
  }
}
