import type { Event, Position } from "./types.js";

export type Verdict =
  /** It is the next one. */
  | "apply"
  /** It was there already. */
  | "duplicate"
  /** Something before it is missing; it is kept until that has come. */
  | "gap";

interface Stream {
  epoch: string;
  seq: number;
  /** Events beyond a gap, by number. */
  held: Map<number, Event>;
}

/** Positions of all streams that this client follows, and the rule that decides about each event. No I/O. */
export class Streams {
  readonly #streams = new Map<string, Stream>();

  /** The epoch of conversations whose own was not told: those that began after `ready`. */
  conversationEpoch = "";

  position(name: string): Position | null {
    const stream = this.#streams.get(name);
    return stream ? { epoch: stream.epoch, seq: stream.seq } : null;
  }

  /** Sets what is known; whatever was held for an earlier place and lies behind it is dropped. */
  set(name: string, position: Position): void {
    const known = this.#streams.get(name);
    const sameNumbering = !known?.epoch || known.epoch === position.epoch;
    const held = known && sameNumbering ? known.held : new Map<number, Event>();
    for (const seq of held.keys()) if (seq <= position.seq) held.delete(seq);
    this.#streams.set(name, { ...position, held });
  }

  forget(name: string): void {
    this.#streams.delete(name);
  }

  names(): string[] {
    return [...this.#streams.keys()];
  }

  /**
   * Judges an event and moves the position when it is applied. An event of a stream that was not followed starts to be
   * followed at it: nothing older has been shown, so nothing can be missing between.
   */
  admit(event: Event): Verdict {
    let stream = this.#streams.get(event.stream);
    if (!stream) {
      const epoch = conversationOf(event.stream) === null ? "" : this.conversationEpoch;
      stream = { epoch, seq: event.seq - 1, held: new Map() };
      this.#streams.set(event.stream, stream);
    }
    if (event.seq <= stream.seq) return "duplicate";
    if (event.seq > stream.seq + 1) {
      stream.held.set(event.seq, event);
      return "gap";
    }
    stream.seq = event.seq;
    stream.held.delete(event.seq);
    return "apply";
  }

  /** The next held event that has become applicable, already admitted. Call until null. */
  nextHeld(name: string): Event | null {
    const stream = this.#streams.get(name);
    const event = stream?.held.get(stream.seq + 1);
    if (!stream || !event) return null;
    stream.held.delete(event.seq);
    stream.seq = event.seq;
    return event;
  }

  /** A lost connection resumes from the positions: what was held will come again, and whole. */
  dropHeld(): void {
    for (const stream of this.#streams.values()) stream.held.clear();
  }

  /** Whether events wait behind a gap. */
  hasHeld(name: string): boolean {
    return (this.#streams.get(name)?.held.size ?? 0) > 0;
  }
}

const CONVERSATION = "conversation/";

export function conversationStream(id: string): string {
  return CONVERSATION + id;
}

/** The conversation of a stream's name, or null if it is another kind of stream. */
export function conversationOf(stream: string): string | null {
  return stream.startsWith(CONVERSATION) ? stream.slice(CONVERSATION.length) : null;
}
