import type { Person, Summary } from "@otvet/sdk";

/** People and conversations for the tests. */
export const ANNA: Person = { id: "u2", role: "manager", name: "Anna" };
export const BORIS: Person = { id: "u3", role: "manager", name: "Boris" };
export const VISITOR: Person = { id: "g1", role: "visitor", name: "Vera" };

/** A time on the day of the tests: `at("10:05")`. */
export function at(clock: string): string {
  return `2026-03-01T${clock}:00.000Z`;
}

/** A waiting conversation; `changes` make it another. */
export function conversation(id: string, changes: Partial<Summary> = {}): Summary {
  return {
    id, subject: null, status: "waiting", visitor: VISITOR, manager: null, last_seq: 2, last_message: null, unread: 0, cursors: {},
    opened_at: at("10:00"), updated_at: at("10:00"), ...changes,
  };
}
