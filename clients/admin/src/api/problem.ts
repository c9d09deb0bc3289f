import { CommandError, NotConnectedError, OutcomeUnknownError, ProblemError } from "@otvet/sdk";

type Translate = (key: string, options?: Record<string, unknown>) => string;

/** Codes that have a sentence of their own in every language. */
const KNOWN_CODES: readonly string[] = [
  "unauthorized", "forbidden", "not_found", "invalid", "conflict", "too_large", "rate_limited", "unavailable", "internal", "network", "unknown_outcome",
];

/** Tells a failure kindly, in the reader's language; the server's own sentence only where we have none. */
export function describeFailure(error: unknown, translate: Translate): string {
  const fields = error instanceof ProblemError ? Object.values(error.errors).flat() : [];
  if (fields.length > 0) return fields.join(" ");
  const code = codeOf(error);
  if (code !== undefined && KNOWN_CODES.includes(code)) return translate(`otvet.errors.${code}`);
  return error instanceof Error && error.message !== "" ? error.message : translate("otvet.errors.internal");
}

/** The contract's code of a refusal, by REST or on the socket; `network` and `unknown_outcome` where no answer came. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof ProblemError) return error.code;
  if (error instanceof CommandError) return error.frame.code;
  if (error instanceof NotConnectedError) return "network";
  if (error instanceof OutcomeUnknownError) return "unknown_outcome";
  return undefined;
}
