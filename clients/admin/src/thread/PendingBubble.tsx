import ErrorIcon from "@mui/icons-material/ErrorOutlined";
import ScheduleIcon from "@mui/icons-material/Schedule";
import { Box, Button } from "@mui/material";
import type { QueuedMessage } from "@otvet/sdk";
import { useTranslate } from "ra-core";
import { useClient, useConnectionState } from "../realtime/session";
import { Bubble, BubbleFoot, BubbleText } from "./MessageBubble";

/** One of my messages that the server has not acknowledged: on its way, waiting for a connection, or refused. */
export function PendingBubble({ item, first }: { item: QueuedMessage; first: boolean }) {
  const translate = useTranslate();
  const client = useClient();
  const online = useConnectionState() === "online";
  const refused = item.state === "refused";
  const text = translate(refused ? "otvet.thread.refused" : online ? "otvet.thread.sending" : "otvet.thread.queued");
  return (
    <Bubble side={refused ? "refused" : item.command === "note" ? "note" : "ours"} first={first} label={`${translate("otvet.inbox.you")}, ${text}`}>
      <Box sx={{ opacity: refused ? 1 : 0.75 }}><BubbleText>{item.body}</BubbleText></Box>
      <BubbleFoot>
        {refused ? <ErrorIcon color="error" sx={{ fontSize: 15 }} /> : <ScheduleIcon sx={{ fontSize: 13 }} />}
        <Box component="span" role={refused ? "alert" : undefined} sx={refused ? { color: "error.main", fontWeight: 600 } : {}}>
          {refused && item.error !== undefined ? `${text}: ${translate(`otvet.errors.${item.error.code}`, { _: item.error.message })}` : text}
        </Box>
      </BubbleFoot>
      {refused && (
        <Box sx={{ display: "flex", justifyContent: "flex-end", gap: 0.5 }}>
          <Button size="small" color="secondary" onClick={() => void client.discard(item.key)}>{translate("otvet.thread.discard")}</Button>
          <Button size="small" onClick={() => void client.retry(item.key)}>{translate("otvet.thread.retry")}</Button>
        </Box>
      )}
    </Bubble>
  );
}
