import { useEffect, useRef } from "react";

/** What the keys of the inbox do. */
export interface Shortcuts {
  move(step: 1 | -1): void;
  open(): void;
  claim(): void;
  resolve(): unknown;
  search(): void;
  reply(): void;
  escape(): void;
  help(): void;
}

export type ShortcutName = keyof Shortcuts;

/** The shortcut of a key, or null. By `code` as well, so that the letters work in a Cyrillic layout. */
export function shortcutOf(event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey">): ShortcutName | "next" | "previous" | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  switch (event.key) {
    case "ArrowDown": return "next";
    case "ArrowUp": return "previous";
    case "Enter": return "open";
    case "Escape": return "escape";
    case "?": return "help";
    case "/": return "search";
  }
  switch (event.code) {
    case "KeyJ": return "next";
    case "KeyK": return "previous";
    case "KeyC": return "claim";
    case "KeyR": return "resolve";
    case "KeyN": return "reply";
    case "Slash": return "search";
  }
  return null;
}

/** Listens while the page is shown; keys typed into a field, a menu or a dialog are left to it. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      const name = shortcutOf(event);
      if (name === null || event.defaultPrevented || isTakenBy(event.target, name)) return;
      event.preventDefault();
      if (name === "next") latest.current.move(1);
      else if (name === "previous") latest.current.move(-1);
      else latest.current[name as Exclude<ShortcutName, "move">]();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

function isTakenBy(target: EventTarget | null, name: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('[role="dialog"], [role="menu"], [role="listbox"]') !== null) return true;
  const typing = target.closest("input, textarea, select, [contenteditable]") !== null;
  if (typing) return name !== "escape";
  // Enter presses the button that has the focus; arrows move in tab lists and scroll the thread.
  if (name === "open") return target.closest("button, a, [role=tab]") !== null;
  return (name === "next" || name === "previous") && target.closest("[role=tablist], [role=log]") !== null;
}
