import type { Summary } from "@otvet/sdk";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useInbox } from "./InboxProvider";
import { rowsOf } from "./inboxState";
import { viewKey, type Tab, type View } from "./tabs";

/** How long typing rests before the server is asked, milliseconds. */
const SEARCH_REST_MS = 250;

export interface ListState {
  rows: readonly Summary[];
  /** What stands in the search field. */
  words: string;
  setWords: (words: string) => void;
  loading: boolean;
  /** Why the list could not be read, or null. */
  failure: unknown;
  hasMore: boolean;
  loadMore: () => void;
  reload: () => void;
}

/** The list of a tab, searched; read again whenever the connection comes back. */
export function useList(tab: Tab): ListState {
  const { state, load } = useInbox();
  const [words, setWords] = useState("");
  const q = useRested(words.trim());
  const view = useMemo<View>(() => ({ tab, q }), [tab, q]);
  const [loading, setLoading] = useState(true);
  const [failure, setFailure] = useState<unknown>(null);

  const read = useCallback(
    async (more: boolean) => {
      setLoading(true);
      try {
        await load(view, more);
        setFailure(null);
      } catch (error) {
        setFailure(error);
      } finally {
        setLoading(false);
      }
    },
    [load, view],
  );

  useEffect(() => {
    void read(false);
  }, [read, state.generation]);

  const rows = useMemo(() => rowsOf(state, view), [state, view]);
  return {
    rows,
    words,
    setWords,
    loading,
    failure,
    hasMore: (state.views[viewKey(view)]?.next ?? null) !== null,
    loadMore: () => void read(true),
    reload: () => void read(false),
  };
}

function useRested(value: string): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), SEARCH_REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}
