import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useFace } from "./context.js";
import { Icon } from "./icons.js";

/** Draws a screen whose code is fetched when it is first needed, and again when the connection is back. */
export function Later({ load }: { load: () => Promise<ComponentType> }): JSX.Element | null {
  const { session, router, t } = useFace();
  const [Screen, setScreen] = useState<ComponentType | null>(null);
  const [isMissing, setIsMissing] = useState(false);
  useEffect(() => {
    let isWanted = true;
    load().then(
      (screen) => isWanted && setScreen(() => screen),
      () => isWanted && setIsMissing(true),
    );
    return () => {
      isWanted = false;
    };
  }, [load, session.state]);
  if (Screen) return <Screen />;
  if (!isMissing) return null;
  return (
    <section class="sheet">
      <header class="sheet-head">
        <button class="round" aria-label={t.back} onClick={() => router.go({ screen: "list" })}><Icon name="back" /></button>
      </header>
      <div class="sheet-body"><p role="status">{t.errorNetwork}</p></div>
    </section>
  );
}
