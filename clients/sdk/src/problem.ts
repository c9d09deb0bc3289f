import type { ErrorCode } from "./types.js";

/** An RFC 9457 answer of the REST interface. `errors` has the messages of each field, as Laravel writes them. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";

  constructor(
    /** HTTP status; 0 when no answer came (no network, or the server is away). */
    readonly status: number,
    readonly code: ErrorCode | "network",
    message: string,
    readonly errors: Record<string, string[]> = {},
    readonly requestId: string | null = null,
    /** From `Retry-After`, in milliseconds. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }
}
