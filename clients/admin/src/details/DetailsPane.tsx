import CloseIcon from "@mui/icons-material/Close";
import CopyIcon from "@mui/icons-material/ContentCopy";
import { Avatar, Box, IconButton, Tooltip, Typography } from "@mui/material";
import type { Summary } from "@otvet/sdk";
import { useNotify, useTranslate } from "ra-core";
import type { ReactNode } from "react";
import { formatDuration, useNow, useTimeFormats } from "../i18n/time";
import { waitingSince } from "../inbox/tabs";
import { initialsOf } from "../layout/initials";
import { StatusChip } from "../thread/StatusChip";

/** The right pane: all that is known of a conversation besides its words. */
export function DetailsPane({ conversation, onClose }: { conversation: Summary; onClose?: () => void }) {
  const translate = useTranslate();
  const times = useTimeFormats();
  const now = useNow();
  const { visitor, manager, subject } = conversation;
  const readAll = (conversation.cursors[visitor.id]?.read ?? 0) >= (conversation.last_message?.seq ?? 0);
  return (
    <Box component="aside" aria-label={translate("otvet.details.title")} sx={{ p: 2.5, minHeight: "100%", bgcolor: "background.paper" }}>
      <Box sx={{ display: "flex", alignItems: "center", gap: 1.5, mb: 2.5 }}>
        <Avatar sx={{ width: 44, height: 44, fontSize: 16, fontWeight: 650, bgcolor: "action.selected", color: "text.primary" }}>{initialsOf(visitor.name)}</Avatar>
        <Box sx={{ flex: 1, minWidth: 0 }}>
          <Typography variant="h3" component="h2" noWrap title={visitor.name}>{visitor.name}</Typography>
          <Typography variant="caption" color="textSecondary">{translate(visitor.id.startsWith("g") ? "otvet.details.guest" : "otvet.details.account")}</Typography>
        </Box>
        {onClose && <IconButton aria-label={translate("otvet.actions.close")} onClick={onClose}><CloseIcon fontSize="small" /></IconButton>}
      </Box>
      <Box component="dl" sx={{ m: 0, display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: 2 }}>
        <Fact name="status">
          <Box sx={{ display: "flex", alignItems: "center", gap: 1, flexWrap: "wrap" }}>
            <StatusChip conversation={conversation} />
            {conversation.status === "waiting" && (
              <Typography variant="caption" sx={{ color: "desk.waiting" }}>{formatDuration(now - Date.parse(waitingSince(conversation)), translate)}</Typography>
            )}
          </Box>
        </Fact>
        <Fact name="manager">{manager?.name ?? translate("otvet.details.nobody")}</Fact>
        <Fact name="subject">{subject ?? translate("otvet.inbox.no_subject")}</Fact>
        <Fact name="opened">{times.full(conversation.opened_at)}</Fact>
        <Fact name="updated">{times.full(conversation.updated_at)}</Fact>
        <Fact name="visitor_read">{translate(readAll ? "otvet.details.all_read" : "otvet.details.some_read")}</Fact>
        <Fact name="id"><CopiedId id={conversation.id} /></Fact>
      </Box>
    </Box>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  const translate = useTranslate();
  return (
    <Box>
      <Typography component="dt" variant="caption" color="textSecondary">{translate(`otvet.details.${name}`)}</Typography>
      <Typography component="dd" variant="body2" sx={{ m: 0, overflowWrap: "anywhere" }}>{children}</Typography>
    </Box>
  );
}

function CopiedId({ id }: { id: string }) {
  const translate = useTranslate();
  const notify = useNotify();
  const label = translate("otvet.details.copy");
  const copy = () => navigator.clipboard.writeText(id).then(() => notify("otvet.details.copied", { autoHideDuration: 1500 }));
  return (
    <Box component="span" sx={{ display: "flex", alignItems: "center", gap: 0.5 }}>
      <Box component="code" sx={{ fontSize: 12, minWidth: 0, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }} title={id}>{id}</Box>
      {/* Only a secure context has a clipboard. */}
      {"clipboard" in navigator && (
        <Tooltip title={label}>
          <IconButton size="small" aria-label={label} onClick={() => void copy()}><CopyIcon sx={{ fontSize: 15 }} /></IconButton>
        </Tooltip>
      )}
    </Box>
  );
}
