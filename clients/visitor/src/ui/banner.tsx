import type { JSX } from "preact";
import { useFace } from "./context.js";

/** How the connection is, as far as the person must know. */
export function Banner(): JSX.Element {
  const { session, t } = useFace();
  const { state } = session;
  const text = state === "connecting" ? t.connecting : state === "refused" ? t.refused : state === "waiting" || state === "offline" ? t.offline : null;
  return (
    <div role="status" class="banner-place">
      {text && (
        <div class={`banner banner-${state}`}>
          <span class="banner-dot" aria-hidden="true" />
          <span>{text}</span>
          {state === "refused" && (
            <button class="link" onClick={() => location.reload()}>
              {t.reload}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
