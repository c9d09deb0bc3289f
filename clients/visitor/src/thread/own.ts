import type { Person } from "@otvet/sdk";

/**
 * Whether `author` is the person whose page this is. In one's own conversation no other visitor writes: a message of a
 * visitor with another id is one's own from the time as a guest.
 */
export function isOwn(author: Person, me: Person | null): boolean {
  return author.id === me?.id || (author.role === "visitor" && me?.role === "visitor");
}
