// Keeps the page itself, so that it opens without a network; what it shows comes from the SDK's own store.
// A new page brings files with new names, so nothing here needs a version: the shell is asked for first and kept for
// the day when there is no answer, hashed files are taken from the cache.
const CACHE = "otvet-shell";
const SHELL = ["/", "/icon.svg", "/manifest.webmanifest"];

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith("/assets/visitor/")) event.respondWith(fromCache(request));
  else if (SHELL.includes(url.pathname)) event.respondWith(fromNetwork(request));
});

/** The shell, and every hashed file that it names: their list is the build's, written beside the page. */
async function keepShell() {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL);
  const response = await fetch("/assets.json", { cache: "no-cache" });
  if (response.ok) await cache.addAll(await response.json());
}

async function fromCache(request) {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request);
  if (known) return known;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}

async function fromNetwork(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const known = await cache.match(request, { ignoreSearch: true });
    if (known) return known;
    throw error;
  }
}
