/** What a client does after the socket has closed. */
export type AfterClose =
  /** Come back after a back-off. */
  | "return"
  /** The token is no longer good: sign in again. */
  | "sign_in"
  /** Do not come back as this client is. */
  | "stay_away";

/** Close codes with a meaning of their own. Everything else follows {@link afterClose}'s ranges. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  abnormal: 1006,
  restart: 1012,
  badHello: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  internal: 4500,
  silent: 4504,
  slowReader: 4508,
  tooManyCommands: 4529,
} as const;

/**
 * The contract's table: 4401 asks for a new token, other 44xx mean that coming back unchanged is useless, and all else
 * (45xx, 1012, a lost network) is worth another try. 1007 and 1009 are this client's own fault, yet only of the frame
 * that caused them, so it returns.
 */
export function afterClose(code: number): AfterClose {
  if (code === CLOSE.unauthorized) return "sign_in";
  if (code >= 4400 && code < 4500) return "stay_away";
  return "return";
}
