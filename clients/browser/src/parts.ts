import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";

/** Where Debian and its kin put Chromium, and others Chrome. */
const CHROMIUM_PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Keeps the browser to the pages under test: no phoning home, no sandbox that a container could not give. */
export const CHROMIUM_ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** Path of the installed browser, or of the one that CHROMIUM names. Throws when there is none. */
export function chromiumPath(): string {
  const named = process.env["CHROMIUM"];
  const found = (named ? [named] : CHROMIUM_PLACES).find(isExecutable);
  if (found) return found;
  throw new Error(`No Chromium: looked for ${named ?? CHROMIUM_PLACES.join(", ")}. Install the package "chromium", or name its path in CHROMIUM.`);
}

/** Path of the server under test. Throws when OTVET_BIN does not name one. */
export function serverPath(): string {
  const named = process.env["OTVET_BIN"];
  if (!named) throw new Error("OTVET_BIN is not set. Build the server with `cargo build --release` and set OTVET_BIN to the path of target/release/otvet.");
  const path = resolve(process.env["INIT_CWD"] ?? ".", named);
  if (isExecutable(path)) return path;
  throw new Error(`OTVET_BIN names ${path}, which is no program. Build the server with \`cargo build --release\`.`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
