import { browserStore } from "@otvet/sdk";
import { render } from "preact";
import { App } from "./app.js";
import { Router } from "./state/router.js";
import { Session } from "./state/session.js";
import { Settings } from "./state/settings.js";
import { loadStyles } from "./styles/index.js";

export interface MountOptions {
  /** Where the server is: `https://host`. */
  origin: string;
  /** Whether the address bar follows the screens; not in a page of somebody else. */
  addressBar: boolean;
}

/** Puts the whole face into a shadow root of `host`. Resolves with the way to take it out again. */
export async function mount(host: HTMLElement, options: MountOptions): Promise<() => void> {
  const root = host.attachShadow({ mode: "open" });
  const [sheets, settings, store] = await Promise.all([loadStyles(), Settings.load(host), browserStore()]);
  root.adoptedStyleSheets = sheets;
  const router = new Router(options.addressBar);
  const session = new Session(options.origin, store);
  await session.start();
  render(<App session={session} settings={settings} router={router} />, root);
  return () => {
    render(null, root);
    session.stop();
    router.stop();
  };
}
