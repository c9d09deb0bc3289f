import type { ConversationId } from "@otvet/sdk";
import { useDataProvider } from "ra-core";
import { useEffect, useState } from "react";
import type { PanelDataProvider } from "../api/dataProvider";
import { conversationTopic } from "../realtime/contract";

/** Moves my read mark to `seq`, but only while it can be true: the newest lines are in view and the window has the focus. */
export function useReadMark(id: ConversationId, seq: number, atEnd: boolean): void {
  const dataProvider = useDataProvider<PanelDataProvider>();
  const looking = useLooking();
  useEffect(() => {
    if (seq === 0 || !atEnd || !looking) return;
    // A mark that was lost is made good by the next one.
    dataProvider.publish(conversationTopic(id), { type: "read", payload: { seq } }).catch(() => undefined);
  }, [dataProvider, id, seq, atEnd, looking]);
}

function useLooking(): boolean {
  const [looking, setLooking] = useState(isLooking);
  useEffect(() => {
    const look = () => setLooking(isLooking());
    window.addEventListener("focus", look);
    window.addEventListener("blur", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      window.removeEventListener("focus", look);
      window.removeEventListener("blur", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  return looking;
}

function isLooking(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}
