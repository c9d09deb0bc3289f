import type { Page } from "@playwright/test";
import type { Api } from "./api.ts";

/** Settings under which one connection may pour in thousands of messages; to be given to the server's start. */
export const POURING = {
  OTVET_LIMITS__COMMANDS_PER_SECOND: "100000",
  OTVET_LIMITS__BURST: "100000",
  OTVET_LIMITS__UNANSWERED_COMMANDS: "256",
};

/**
 * Fills a conversation with `message {first}.` to `message {last}.`, in this order, over one socket of `page`'s: a request
 * for each would take minutes.
 */
export async function seedThread(page: Page, author: Api, conversation: string, first: number, last: number): Promise<void> {
  await page.evaluate(
    ({ token, conversation, first, last }) =>
      new Promise<void>((resolve, reject) => {
        const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
        let next = first;
        let answered = first - 1;
        const fill = () => {
          for (; next <= last && next - answered < 100; next++) {
            socket.send(JSON.stringify({ type: "send", id: next, conversation, key: `seed-${next}`, body: `message ${next}.` }));
          }
        };
        socket.onopen = () => socket.send(JSON.stringify({ type: "hello", id: 0, token, device: "test", positions: {} }));
        socket.onmessage = ({ data }) => {
          const frame = JSON.parse(String(data)) as { type: string; id?: number };
          if (frame.type === "error") reject(new Error(String(data)));
          if (frame.type === "ok") answered++;
          if (answered === last) {
            socket.onclose = null;
            socket.close();
            resolve();
          } else if (frame.type === "ok" || frame.type === "ready") fill();
        };
        socket.onclose = ({ code }) => reject(new Error(`The socket was closed with ${code}.`));
      }),
    { token: author.me.token, conversation, first, last },
  );
}
