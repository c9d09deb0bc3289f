import type { PersonId, Summary } from "@otvet/sdk";

export interface ComposerRules {
  /** Notes are always possible; an answer is not. */
  canReply: boolean;
  /** What the manager should know before writing: a key under `otvet.composer`, and the other manager's name. */
  hint: { key: "claims" | "reopens" | "held" | "resolved"; name: string } | null;
}

/** Whether `me` may answer a conversation as it stands. Sending to a waiting one claims it, to a resolved one reopens it. */
export function composerRules(conversation: Summary, me: PersonId): ComposerRules {
  const name = conversation.manager?.name ?? "";
  switch (conversation.status) {
    case "waiting":
      return { canReply: true, hint: { key: "claims", name } };
    case "claimed":
      return conversation.manager?.id === me ? { canReply: true, hint: null } : { canReply: false, hint: { key: "held", name } };
    case "resolved":
      return conversation.manager === null || conversation.manager.id === me
        ? { canReply: true, hint: { key: "reopens", name } }
        : { canReply: false, hint: { key: "resolved", name } };
  }
}
