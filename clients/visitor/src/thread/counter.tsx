import type { JSX } from "preact";
import { useFace } from "../ui/context.js";

/** Remaining characters from which the counter speaks up. */
const NEAR = 200;

/** Characters as the server counts them: code points, not UTF-16 units. */
export function lengthOf(text: string): number {
  return [...text.trim()].length;
}

export function Counter({ id, length, limit }: { id: string; length: number; limit: number }): JSX.Element {
  const { t } = useFace();
  const left = limit - length;
  return (
    <span id={id} class={left < 0 ? "counter is-over" : "counter"}>
      <span aria-hidden="true">{length > 0 ? `${length} / ${limit}` : ""}</span>
      <span class="unseen" role="status">{left < NEAR ? t.charactersLeft(left) : ""}</span>
    </span>
  );
}
