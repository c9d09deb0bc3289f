import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef } from "preact/hooks";
import { useFace } from "../ui/context.js";
import { Icon } from "../ui/icons.js";
import { ESTIMATED_HEIGHT, extent, tail } from "./extent.js";
import { DAY_KEY, type Row } from "./rows.js";

/** Pixels drawn beyond what is seen, on both sides. */
const OVERSCAN = 800;
/** Pixels from the top at which older messages are asked for. */
const NEAR_TOP = 900;
/** Pixels from the bottom that still count as being there. */
const NEAR_BOTTOM = 48;

export interface LogProps {
  label: string;
  rows: Row[];
  draw: (row: Row) => ComponentChildren;
  head: ComponentChildren;
  foot: ComponentChildren;
  onNearTop: () => void;
  /** Whether the newest row is in view. */
  onBottom: (isAtBottom: boolean) => void;
}

/**
 * Draws the rows around what is seen and no others, so that ten thousand cost what thirty do. Whatever is put in above,
 * or turns out higher than estimated, the row that the reader looks at stays where it is; at the bottom, the newest
 * row does.
 */
export function Log({ label, rows, draw, head, foot, onNearTop, onBottom }: LogProps): JSX.Element {
  const { t } = useFace();
  const [, redraw] = useReducer((count: number, _: null) => count + 1, 0);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const measured = useRef(new Map<string, number>()).current;
  const view = useRef({ isAtBottom: true, anchor: null as { key: string; top: number } | null, width: 0, top: 0 }).current;

  const heights = rows.map((row) => measured.get(row.key) ?? ESTIMATED_HEIGHT);
  const box = scroller.current;
  const listTop = list.current?.offsetTop ?? 0;
  let drawn = tail(heights, (box?.clientHeight ?? 800) + OVERSCAN);
  if (box && !view.isAtBottom) {
    // Where the anchor will stand, not where it stood: fifty rows may just have come in above it.
    const at = view.anchor ? rows.findIndex((row) => row.key === view.anchor?.key) : -1;
    const top = at < 0 ? box.scrollTop - listTop : sum(heights, at) - (view.anchor?.top ?? 0);
    drawn = extent(heights, top - OVERSCAN, top + box.clientHeight + OVERSCAN);
  }

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !list.current) return;
    const changed = measure(list.current, measured);
    if (view.isAtBottom) element.scrollTop = element.scrollHeight;
    else {
      const row = view.anchor && rowElement(list.current, view.anchor.key);
      if (row && view.anchor) element.scrollTop += row.getBoundingClientRect().top - element.getBoundingClientRect().top - view.anchor.top;
      else view.anchor = firstSeen(element, list.current);
    }
    view.top = element.scrollTop;
    if (changed) redraw(null);
  });

  const look = () => {
    const element = scroller.current;
    if (!element || !list.current) return;
    const wasAtBottom = view.isAtBottom;
    // Only who goes up leaves the bottom: a phone's keyboard may have come up, and the bottom gone out of view by itself.
    const wentUp = element.scrollTop < view.top - 1;
    view.isAtBottom = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_BOTTOM || (wasAtBottom && !wentUp);
    view.anchor = firstSeen(element, list.current);
    if (view.isAtBottom !== wasAtBottom) onBottom(view.isAtBottom);
    if (element.scrollTop < NEAR_TOP) onNearTop();
    redraw(null);
  };

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      // Another width wraps every row anew.
      if (element.clientWidth !== view.width) measured.clear();
      view.width = element.clientWidth;
      redraw(null);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // Still near the top after a page has come, as with a first page that does not fill the pane: go on.
  useEffect(() => {
    const element = scroller.current;
    if (element && rows.length > 0 && element.scrollTop < NEAR_TOP) onNearTop();
  }, [rows.length]);

  const toNewest = () => {
    view.isAtBottom = true;
    onBottom(true);
    redraw(null);
  };

  return (
    <div class="log-place">
      <div class="log" ref={scroller} role="log" aria-live="off" aria-label={label} tabIndex={0} onScroll={look}>
        {head}
        <div class="rows" ref={list}>
          <div style={{ height: `${drawn.above}px` }} />
          {rows.slice(drawn.start, drawn.end).map((row) => (
            <div class="row" key={row.key} data-key={row.key}>{draw(row)}</div>
          ))}
          <div style={{ height: `${drawn.below}px` }} />
        </div>
        {foot}
      </div>
      {!view.isAtBottom && (
        <button class="round to-newest" aria-label={t.toNewest} title={t.toNewest} onClick={toNewest}><Icon name="down" /></button>
      )}
    </div>
  );
}

function sum(heights: readonly number[], end: number): number {
  let total = 0;
  for (let index = 0; index < end; index++) total += heights[index] ?? 0;
  return total;
}

/** Takes over the real heights; whether any differed. */
function measure(list: HTMLElement, measured: Map<string, number>): boolean {
  let changed = false;
  for (const row of list.querySelectorAll<HTMLElement>(".row")) {
    const height = row.getBoundingClientRect().height;
    const key = row.dataset["key"] ?? "";
    if (Math.abs((measured.get(key) ?? ESTIMATED_HEIGHT) - height) < 0.5) continue;
    measured.set(key, height);
    changed = true;
  }
  return changed;
}

/** The first row in view that keeps its place: a day's heading goes up when older messages of that day come in. */
function firstSeen(scroller: HTMLElement, list: HTMLElement): { key: string; top: number } | null {
  const edge = scroller.getBoundingClientRect().top;
  for (const row of list.querySelectorAll<HTMLElement>(`.row:not([data-key^="${DAY_KEY}"])`)) {
    const { top, bottom } = row.getBoundingClientRect();
    // After a leap the drawn rows may all lie beyond what is seen.
    if (top > edge + scroller.clientHeight) return null;
    if (bottom > edge) return { key: row.dataset["key"] ?? "", top: top - edge };
  }
  return null;
}

function rowElement(list: HTMLElement, key: string): HTMLElement | null {
  return list.querySelector<HTMLElement>(`.row[data-key="${CSS.escape(key)}"]`);
}
