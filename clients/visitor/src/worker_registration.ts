/** The part of Trusted Types that TypeScript's DOM library does not know yet. */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): string };
}

const WORKER = "/sw.js";

/** Makes the page work without a network. Where the browser enforces Trusted Types, only this one script may be named. */
export function registerWorker(): void {
  if (!("serviceWorker" in navigator)) return;
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy("otvet-worker", {
    createScriptURL: (url) => {
      if (url === WORKER) return url;
      throw new TypeError(`${url} is not the page's worker`);
    },
  });
  // Without it the page works all the same, only not offline.
  void navigator.serviceWorker.register(policy?.createScriptURL(WORKER) ?? WORKER).catch(() => undefined);
}
