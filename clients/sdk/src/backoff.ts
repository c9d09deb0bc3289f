/** Milliseconds. */
export const BACKOFF_BASE = 500;
/** Milliseconds. */
export const BACKOFF_CAP = 30_000;

/**
 * Full jitter: anywhere between nothing and the exponentially growing bound, so that clients which were cut off together
 * do not come back together. A server that names a time (`bye`) is given at least that long.
 *
 * @param attempt how many attempts have failed since the last success, from 0
 * @param random in [0, 1)
 * @param atLeast milliseconds asked for by the server
 */
export function backoffDelay(attempt: number, random: number, atLeast = 0): number {
  const bound = Math.min(BACKOFF_CAP, BACKOFF_BASE * 2 ** Math.min(attempt, 16));
  return Math.round(atLeast + random * bound);
}
