import { useCallback, useEffect, useRef, useState, type RefObject } from "react";
import type { VirtuosoHandle } from "react-virtuoso";

/** What only a reader does: none of the list's own scrolling comes with one of these. */
const GESTURES = ["wheel", "touchmove", "pointerdown", "keydown"] as const;
/** Milliseconds between two looks at whether the end is in view: long enough for the list to measure what it has drawn. */
const LOOK_EVERY = 100;
/** Looks after the list was opened or has changed its height. */
const LOOKS = 10;
/** Pixels from the end that still count as being there. */
const SLACK = 4;

/**
 * Keeps the newest line in view. Virtuoso goes to where the end would be if all lines were as high as the first, and
 * stays there when it has measured them; and it does not follow when its own height changes, as a phone's keyboard comes
 * up. Whoever scrolls away is left where they are, until they are back at the end.
 */
export function useStayAtEnd(list: RefObject<VirtuosoHandle | null>) {
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const stays = useRef(true);

  useEffect(() => {
    if (scroller === null) return;
    let timer: ReturnType<typeof setInterval> | undefined;
    const settle = () => {
      let looks = 0;
      clearInterval(timer);
      timer = setInterval(() => {
        if (++looks > LOOKS || !stays.current) return clearInterval(timer);
        const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
        if (below > SLACK) list.current?.scrollToIndex({ index: "LAST", align: "end", behavior: "auto" });
      }, LOOK_EVERY);
    };
    const leave = () => {
      stays.current = false;
    };
    const observer = new ResizeObserver(settle);
    for (const gesture of GESTURES) scroller.addEventListener(gesture, leave, { passive: true });
    observer.observe(scroller);
    return () => {
      for (const gesture of GESTURES) scroller.removeEventListener(gesture, leave);
      observer.disconnect();
      clearInterval(timer);
    };
  }, [scroller, list]);

  const onAtEnd = useCallback((atEnd: boolean) => {
    if (atEnd) stays.current = true;
  }, []);
  const scrollerRef = useCallback((element: HTMLElement | Window | null) => setScroller(element instanceof HTMLElement ? element : null), []);
  return { scrollerRef, onAtEnd };
}
