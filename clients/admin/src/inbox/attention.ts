import type { PersonId, Summary } from "@otvet/sdk";

/** Why a change deserves a manager's eye: a question came (back) to the queue, or my visitor wrote. */
export type Attention = "question" | "message";

/** What a change asks of me, or null if it is somebody else's business. `known` is the record before it. */
export function attentionOf(known: Summary | undefined, next: Summary, me: PersonId): Attention | null {
  // What I gave back myself is no news to me.
  const givenBack = known?.status === "claimed" && known.manager?.id === me;
  if (next.status === "waiting" && known?.status !== "waiting") return givenBack ? null : "question";
  const concernsMe = next.status === "waiting" || (next.status === "claimed" && next.manager?.id === me);
  const message = next.last_message;
  if (!concernsMe || message === null || message.author.id !== next.visitor.id) return null;
  return message.seq > (known?.last_message?.seq ?? 0) ? "message" : null;
}
