import type { PersonId, Role, Summary } from "@otvet/sdk";

export type ActionName = "claim" | "takeOver" | "release" | "transfer" | "resolve" | "reopen";

/** Who looks at a conversation. */
export interface Viewer {
  id: PersonId;
  role: Role;
}

/** What a manager can do with a conversation as it stands; the likeliest first. What the server would refuse is not offered. */
export function actionsFor(conversation: Summary, viewer: Viewer): ActionName[] {
  const mine = conversation.manager?.id === viewer.id;
  switch (conversation.status) {
    case "waiting":
      return ["claim", "resolve"];
    case "claimed":
      if (mine) return ["resolve", "transfer", "release"];
      // An administrator can sort out what a manager left behind.
      return viewer.role === "admin" ? ["takeOver", "transfer", "release", "resolve"] : ["takeOver"];
    case "resolved":
      return conversation.manager === null || mine ? ["reopen"] : [];
  }
}
