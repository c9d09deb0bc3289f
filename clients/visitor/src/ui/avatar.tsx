import type { JSX } from "preact";

const TINTS = 6;

/** Initials on a tint that stays the same for the same person. */
export function Avatar({ id, name }: { id: string; name: string }): JSX.Element {
  return (
    <span class={`avatar tint-${tint(id)}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map((word) => [...(word ?? "")][0] ?? "").join("").toLocaleUpperCase() || "?";
}

function tint(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  return sum % TINTS;
}
