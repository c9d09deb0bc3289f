import type { Command, ErrorFrame, OkFrame, RequestId } from "./types.js";

/** The server refused a command. Nothing was stored. */
export class CommandError extends Error {
  override readonly name = "CommandError";

  constructor(readonly frame: ErrorFrame) {
    super(frame.message);
  }
}

/**
 * The connection went away before the answer: whether the command was carried out is not known. What the next
 * connection brings is the truth.
 */
export class OutcomeUnknownError extends Error {
  override readonly name = "OutcomeUnknownError";

  constructor() {
    super("The connection was lost before the answer; what is shown after it returns is how things stand.");
  }
}

/** There is no connection, and the command is not one to be carried out at some later time. Nothing was sent. */
export class NotConnectedError extends Error {
  override readonly name = "NotConnectedError";

  constructor() {
    super("There is no connection to the server at the moment.");
  }
}

interface Request {
  command: Command;
  resolve: (ok: OkFrame) => void;
  reject: (error: CommandError | OutcomeUnknownError | NotConnectedError) => void;
}

/**
 * Asking later, or again, is what the person still wants and changes nothing more. Messages are not among them: their
 * queue repeats them itself, under their keys.
 */
const REPEATABLE = new Set<Command["type"]>(["history", "read", "delivered", "watch"]);

/**
 * Commands and their answers. At most `limit` are under way at once; the rest wait in order. When the socket is lost,
 * what may be repeated waits for the next one, and all else is rejected.
 */
export class RequestBook {
  limit = 16;
  readonly #underWay = new Map<RequestId, Request>();
  #waiting: Request[] = [];
  #nextId = 1;
  #send: ((command: Command, id: RequestId) => void) | null = null;

  /** Asks now, or, what may wait, as soon as there is a connection. */
  ask(command: Command): Promise<OkFrame> {
    return new Promise((resolve, reject) => {
      if (!this.#send && !REPEATABLE.has(command.type)) return reject(new NotConnectedError());
      this.#waiting.push({ command, resolve, reject });
      this.#pump();
    });
  }

  /** An id for a frame that this book does not answer for. */
  takeId(): number {
    return this.#nextId++;
  }

  connected(send: (command: Command, id: RequestId) => void): void {
    this.#send = send;
    this.#pump();
  }

  lost(): void {
    this.#send = null;
    const unanswered = [...this.#underWay.values()];
    const unsent = this.#waiting;
    this.#underWay.clear();
    this.#waiting = [...unanswered, ...unsent].filter(isRepeatable);
    for (const request of unanswered) if (!isRepeatable(request)) request.reject(new OutcomeUnknownError());
    for (const request of unsent) if (!isRepeatable(request)) request.reject(new NotConnectedError());
  }

  /** Gives up everything, for a client that stops or changes its person. */
  abandon(): void {
    const all = [...this.#underWay.values(), ...this.#waiting];
    this.#underWay.clear();
    this.#waiting = [];
    this.#send = null;
    for (const request of all) request.reject(new OutcomeUnknownError());
  }

  answered(frame: OkFrame | ErrorFrame): void {
    if (frame.id === undefined || frame.id === null) return;
    const request = this.#underWay.get(frame.id);
    if (!request) return;
    this.#underWay.delete(frame.id);
    if (frame.type === "ok") request.resolve(frame);
    else request.reject(new CommandError(frame));
    this.#pump();
  }

  #pump(): void {
    while (this.#send && this.#underWay.size < this.limit) {
      const request = this.#waiting.shift();
      if (!request) return;
      const id = this.takeId();
      this.#underWay.set(id, request);
      this.#send(request.command, id);
    }
  }
}

function isRepeatable(request: Request): boolean {
  return REPEATABLE.has(request.command.type);
}
