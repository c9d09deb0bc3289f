import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Draws a screen whose code is fetched when it is first needed. */
export function Later({ load }: { load: () => Promise<ComponentType> }): JSX.Element | null {
  const [Screen, setScreen] = useState<ComponentType | null>(null);
  useEffect(() => {
    let isWanted = true;
    // Without a network and without a kept copy there is nothing to show; the banner says why.
    load().then((screen) => isWanted && setScreen(() => screen), () => undefined);
    return () => {
      isWanted = false;
    };
  }, [load]);
  return Screen && <Screen />;
}
