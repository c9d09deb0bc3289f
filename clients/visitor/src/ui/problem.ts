import { ProblemError } from "@otvet/sdk";
import type { Texts } from "../i18n/index.js";

export interface FormProblem {
  /** By field. */
  fields: Record<string, string[]>;
  /** What belongs to no field. */
  general: string | null;
}

export const NO_PROBLEM: FormProblem = { fields: {}, general: null };

/** The server speaks English, in Laravel's sentences: those that a visitor meets are said in the visitor's language. */
function inOwnWords(sentence: string, t: Texts): string {
  if (/field is required/.test(sentence)) return t.fieldRequired;
  if (/has already been taken/.test(sentence)) return t.emailTaken;
  if (/valid email/.test(sentence)) return t.emailInvalid;
  if (/password.* at least/.test(sentence)) return t.passwordHint;
  return sentence;
}

/** What a form shows for a failed call: what is wrong beside its field, the rest in general. */
export function formProblem(error: unknown, t: Texts): FormProblem {
  if (!(error instanceof ProblemError)) return { fields: {}, general: t.errorUnknown };
  const fields = Object.fromEntries(Object.entries(error.errors).map(([field, sentences]) => [field, sentences.map((sentence) => inOwnWords(sentence, t))]));
  if (Object.keys(fields).length > 0) return { fields, general: null };
  if (error.code === "network") return { fields, general: t.errorNetwork };
  if (error.status === 429) return { fields, general: t.errorThrottled(Math.ceil((error.retryAfterMs ?? 60_000) / 1000)) };
  if (error.status === 401) return { fields, general: t.errorCredentials };
  return { fields, general: error.status >= 500 ? t.errorUnknown : error.message };
}
