import { Link } from "@mui/material";
import { Fragment, type ReactNode } from "react";

/** An address as people type it; punctuation after it belongs to the sentence. */
const ADDRESS = /https?:\/\/[^\s<>"']*[^\s<>"'.,:;!?)\]}»”’]/giu;

/** The pieces of a text: plain ones and addresses, in their order. */
export function splitLinks(text: string): { text: string; href: string | null }[] {
  const pieces: { text: string; href: string | null }[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    if (match.index > from) pieces.push({ text: text.slice(from, match.index), href: null });
    pieces.push({ text: match[0], href: httpHref(match[0]) });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), href: null });
  return pieces;
}

/** A message's text as text: only http and https addresses become links, and they tell nobody where they were clicked. */
export function linked(text: string): ReactNode {
  return splitLinks(text).map((piece, index) =>
    piece.href === null ? (
      <Fragment key={index}>{piece.text}</Fragment>
    ) : (
      <Link key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow" color="inherit">{piece.text}</Link>
    ),
  );
}

function httpHref(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
}
