/** Timers, injected so that tests run on their own clock. */
export interface Timers {
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** The part of the browser's WebSocket that the SDK uses. */
export interface SocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

/** What the device says about its network and about being looked at. */
export interface Surroundings {
  isOffline(): boolean;
  /** Calls back when it is worth trying at once: the network is back, the page is seen again. Returns the way to stop. */
  onWake(callback: () => void): () => void;
  onOffline(callback: () => void): () => void;
}

export const SYSTEM_TIMERS: Timers = {
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
  clearTimeout: (handle) => globalThis.clearTimeout(handle as ReturnType<typeof setTimeout>),
};

/** The browser's surroundings; outside a browser the network counts as present and nothing ever wakes. */
export const BROWSER: Surroundings = {
  isOffline: () => typeof navigator !== "undefined" && !navigator.onLine,
  onWake(callback) {
    if (typeof window === "undefined") return () => undefined;
    const seen = () => document.visibilityState === "visible" && callback();
    window.addEventListener("online", callback);
    window.addEventListener("pageshow", callback);
    document.addEventListener("visibilitychange", seen);
    return () => {
      window.removeEventListener("online", callback);
      window.removeEventListener("pageshow", callback);
      document.removeEventListener("visibilitychange", seen);
    };
  },
  onOffline(callback) {
    if (typeof window === "undefined") return () => undefined;
    window.addEventListener("offline", callback);
    return () => window.removeEventListener("offline", callback);
  },
};

/** Runs a job while no other tab of this origin runs one of the same name. */
export type Exclusively = (name: string, job: () => Promise<void>) => Promise<void>;

/**
 * Web Locks exist only in secure contexts; on a plain-HTTP intranet the job runs unguarded, and the keys alone keep a
 * doubled send harmless.
 */
export const BROWSER_LOCK: Exclusively = async (name, job) => {
  if (typeof navigator !== "undefined" && navigator.locks) await navigator.locks.request(name, job);
  else await job();
};

/** 128 random bits in hex. Not `crypto.randomUUID`, which secure contexts alone have. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
