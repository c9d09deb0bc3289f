import type { PersonId, Role } from "@otvet/sdk";

/** A row of `/api/v1/admin/people`. */
export interface PersonRecord {
  id: PersonId;
  name: string;
  email: string;
  role: Exclude<Role, "system">;
  disabled: boolean;
  created_at: string;
  last_seen_at: string | null;
}

/** The roles that an administrator can give. */
export const ROLES = ["visitor", "manager", "admin"] as const satisfies readonly PersonRecord["role"][];
