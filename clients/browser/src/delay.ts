import type { Page } from "@playwright/test";

/** Lets a test hold back what the server sends to a page's socket. Takes effect with the next load of the page. */
export async function delayable(page: Page): Promise<{ hold: () => void; release: () => void }> {
  let deliver: (() => void)[] | null = null;
  await page.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      const pass = () => socket.send(frame);
      if (deliver) deliver.push(pass);
      else pass();
    });
  });
  return {
    hold: () => {
      deliver ??= [];
    },
    release: () => {
      const waiting = deliver ?? [];
      deliver = null;
      for (const pass of waiting) pass();
    },
  };
}
