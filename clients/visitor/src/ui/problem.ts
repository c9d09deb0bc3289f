import { ProblemError } from "@otvet/sdk";
import type { Texts } from "../i18n/index.js";

export interface FormProblem {
  /** By field, as the server wrote it. */
  fields: Record<string, string[]>;
  /** What belongs to no field. */
  general: string | null;
}

export const NO_PROBLEM: FormProblem = { fields: {}, general: null };

/** What a form shows for a failed call: the server's words beside their fields, ours for the rest. */
export function formProblem(error: unknown, t: Texts): FormProblem {
  if (!(error instanceof ProblemError)) return { fields: {}, general: t.errorUnknown };
  const fields = error.errors;
  if (Object.keys(fields).length > 0) return { fields, general: null };
  if (error.code === "network") return { fields, general: t.errorNetwork };
  if (error.status === 429) return { fields, general: t.errorThrottled(Math.ceil((error.retryAfterMs ?? 60_000) / 1000)) };
  if (error.status === 401) return { fields, general: t.errorCredentials };
  return { fields, general: error.status >= 500 ? t.errorUnknown : error.message };
}
