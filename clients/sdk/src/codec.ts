import type { ClientFrame, ServerFrame } from "./types.js";

/** The subprotocol that {@link encodeFrame} and {@link decodeFrame} speak. */
export const SUBPROTOCOL = "otvet.v1.json";

const SERVER_TYPES = new Set(["ready", "ok", "error", "event", "reset", "signal", "bye"]);

export function encodeFrame(frame: ClientFrame): string {
  return JSON.stringify(frame);
}

/**
 * Reads a frame of the server. Null for a `type` that this version does not know: contract version 1 grows by adding,
 * so an unknown frame is passed over.
 *
 * @throws SyntaxError when the text is not a JSON object with a `type`.
 */
export function decodeFrame(text: string): ServerFrame | null {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || typeof (value as { type?: unknown }).type !== "string") {
    throw new SyntaxError("a frame is an object with a type");
  }
  return SERVER_TYPES.has((value as { type: string }).type) ? (value as ServerFrame) : null;
}
