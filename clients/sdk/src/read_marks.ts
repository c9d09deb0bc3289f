import { OutcomeUnknownError } from "./requests.js";
import type { Command, ConversationId, OkFrame } from "./types.js";

interface Mark {
  kind: "read" | "delivered";
  conversation: ConversationId;
  wanted: number;
  sent: number;
  moving: Promise<void> | null;
}

/** Read and delivered marks: one under way for each conversation, and only the furthest one after it. */
export class ReadMarks {
  readonly #ask: (command: Command) => Promise<OkFrame>;
  readonly #marks = new Map<string, Mark>();

  constructor(ask: (command: Command) => Promise<OkFrame>) {
    this.#ask = ask;
  }

  move(kind: Mark["kind"], conversation: ConversationId, seq: number): Promise<void> {
    const name = `${kind} ${conversation}`;
    const mark = this.#marks.get(name) ?? { kind, conversation, wanted: 0, sent: 0, moving: null };
    this.#marks.set(name, mark);
    mark.wanted = Math.max(mark.wanted, seq);
    mark.moving ??= this.#move(mark).finally(() => (mark.moving = null));
    return mark.moving;
  }

  clear(): void {
    this.#marks.clear();
  }

  async #move(mark: Mark): Promise<void> {
    while (mark.sent < mark.wanted) {
      const seq = mark.wanted;
      try {
        await this.#ask({ type: mark.kind, conversation: mark.conversation, seq });
      } catch (error) {
        // Stopped meanwhile. A mark is not worth more: the next message moves it again.
        if (error instanceof OutcomeUnknownError) return;
        throw error;
      }
      mark.sent = seq;
    }
  }
}
