import type { JSX } from "preact";

export type Segment = string | { href: string; text: string };

const LINK = /\bhttps?:\/\/[^\s<>"'`]+/giu;
/** Punctuation that ends a sentence rather than an address. */
const TRAILING = /[.,!?;:…»”)\]}]+$/u;

/** Cuts a text into plain parts and links. Only http and https become links, and only if the browser can parse them. */
export function segments(text: string): Segment[] {
  const parts: Segment[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = trimmed(match[0]);
    if (!URL.canParse(address)) continue;
    if (match.index > end) parts.push(text.slice(end, match.index));
    parts.push({ href: new URL(address).href, text: address });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}

/** A message's body: text as text. */
export function Text({ body }: { body: string }): JSX.Element {
  return (
    <>
      {segments(body).map((part, index) =>
        typeof part === "string" ? (
          part
        ) : (
          <a key={index} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
            {part.text}
          </a>
        ),
      )}
    </>
  );
}

/** Brackets that belong to the address, as in many encyclopedias', stay. */
function trimmed(address: string): string {
  const cut = address.replace(TRAILING, "");
  const isBracketed = address[cut.length] === ")" && cut.includes("(");
  return isBracketed ? `${cut})` : cut;
}
