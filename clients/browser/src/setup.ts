import { chromiumPath, serverPath } from "./parts.ts";

/** Says what is missing once, before the first test, and not in every one of them. */
export default function setup(): void {
  chromiumPath();
  serverPath();
}
