import { Box } from "@mui/material";
import { useTranslate } from "ra-core";
import { useEffect, useRef } from "react";
import { useLocation, useNavigate } from "react-router";
import { useInbox, type Notice } from "../inbox/InboxProvider";
import { countOf, unreadOfMine } from "../inbox/inboxState";
import { useDesktopPreference, useSoundPreference } from "../layout/preferences";
import { showNotification } from "./desktop";
import { playChime } from "./sound";

/** Tells of new questions and messages: by the document's title, to screen readers, and, if wanted, by sound and on the desktop. */
export function Announcements() {
  const translate = useTranslate();
  const { state, notice } = useInbox();
  const { pathname } = useLocation();
  // What is said in the open thread is read out there.
  const open = notice !== null && pathname.endsWith(`/${notice.conversation.id}`) && document.hasFocus();
  const text = notice === null ? "" : translate(`otvet.inbox.new_${notice.attention}`, { name: notice.conversation.visitor.name });
  useTitle(countOf(state, "waiting").count + unreadOfMine(state));
  useNotices(notice, text);
  return (
    <Box aria-live="polite" sx={{ position: "absolute", width: 1, height: 1, overflow: "hidden", clipPath: "inset(50%)", whiteSpace: "nowrap" }}>
      {open ? "" : text}
    </Box>
  );
}

/** What needs somebody, as a number before the title: visible in a tab in the background. */
function useTitle(count: number): void {
  const translate = useTranslate();
  const name = translate("otvet.name");
  useEffect(() => {
    document.title = count > 0 ? `(${count}) ${name}` : name;
  }, [count, name]);
}

function useNotices(notice: Notice | null, text: string): void {
  const [sound] = useSoundPreference();
  const [desktop] = useDesktopPreference();
  const navigate = useNavigate();
  const told = useRef<Notice | null>(null);
  useEffect(() => {
    // A change of language or of a setting must not tell the same thing twice.
    if (notice === null || told.current === notice) return;
    told.current = notice;
    const { attention, conversation } = notice;
    if (sound && (attention === "question" || document.hidden)) playChime();
    if (desktop && document.hidden) {
      const list = attention === "question" ? "waiting" : "mine";
      showNotification(text, conversation.last_message?.body ?? conversation.subject ?? "", conversation.id, () => {
        void navigate(`/inbox/${list}/${conversation.id}`);
      });
    }
  }, [notice, text, sound, desktop, navigate]);
}
