import BackIcon from "@mui/icons-material/ArrowBack";
import InfoIcon from "@mui/icons-material/InfoOutlined";
import MoreIcon from "@mui/icons-material/MoreVert";
import { Box, Button, IconButton, Menu, MenuItem, Skeleton, Tooltip, Typography, useMediaQuery } from "@mui/material";
import type { Summary } from "@otvet/sdk";
import { useTranslate } from "ra-core";
import { useState } from "react";
import { useActions } from "../inbox/useActions";
import { actionsFor, type ActionName, type Viewer } from "./actionsFor";
import { StatusChip } from "./StatusChip";

interface ThreadHeaderProps {
  conversation: Summary | undefined;
  viewer: Viewer;
  onBack: (() => void) | undefined;
  onDetails: () => void;
}

/** Who asks, how it stands, and what can be done. */
export function ThreadHeader({ conversation, viewer, onBack, onDetails }: ThreadHeaderProps) {
  const translate = useTranslate();
  return (
    <Box component="header" sx={{ minHeight: 64, display: "flex", alignItems: "center", gap: 1, pl: onBack ? 0.5 : 2.5, pr: 1, py: 1, borderBottom: 1, borderColor: "divider", bgcolor: "background.paper" }}>
      {onBack && <IconButton aria-label={translate("otvet.inbox.back")} onClick={onBack}><BackIcon /></IconButton>}
      <Box sx={{ flex: 1, minWidth: 0 }}>
        {conversation === undefined ? <Skeleton width={180} /> : <Heading conversation={conversation} alone={onBack !== undefined} />}
      </Box>
      {conversation !== undefined && <ActionButtons conversation={conversation} viewer={viewer} />}
      <Tooltip title={translate("otvet.actions.details")}>
        <IconButton aria-label={translate("otvet.actions.details")} onClick={onDetails}><InfoIcon fontSize="small" /></IconButton>
      </Tooltip>
    </Box>
  );
}

/** `alone`: no list beside it, so the page has no other heading. */
function Heading({ conversation, alone }: { conversation: Summary; alone: boolean }) {
  const translate = useTranslate();
  const narrow = useMediaQuery((theme) => theme.breakpoints.down("sm"));
  const { visitor, subject } = conversation;
  const text = subject ?? translate("otvet.inbox.no_subject");
  return (
    <>
      <Box sx={{ display: "flex", alignItems: "center", gap: 1, minWidth: 0 }}>
        <Typography component={alone ? "h1" : "h2"} variant="h2" noWrap title={visitor.name} sx={{ minWidth: 0 }}>{visitor.name}</Typography>
        {!narrow && <StatusChip conversation={conversation} />}
      </Box>
      <Box sx={{ display: "flex", alignItems: "center", gap: 1, minWidth: 0 }}>
        {narrow && <StatusChip conversation={conversation} />}
        <Typography variant="body2" color="textSecondary" noWrap title={text} sx={{ minWidth: 0 }}>{text}</Typography>
      </Box>
    </>
  );
}

function ActionButtons({ conversation, viewer }: { conversation: Summary; viewer: Viewer }) {
  const translate = useTranslate();
  const actions = useActions();
  const narrow = useMediaQuery((theme) => theme.breakpoints.down("sm"));
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [main, ...rest] = actionsFor(conversation, viewer);
  const label = (name: ActionName) => translate(`otvet.actions.${name === "takeOver" ? "take_over" : name}`);
  return (
    <Box role="group" aria-label={translate("otvet.actions.label")} sx={{ display: "flex", flexShrink: 0 }}>
      {main !== undefined && (
        <Button size="small" variant={main === "claim" ? "contained" : "outlined"} loading={actions.busy === conversation.id} onClick={() => actions[main](conversation)} sx={{ px: narrow ? 1 : 1.5, whiteSpace: "nowrap" }}>
          {label(main)}
        </Button>
      )}
      {rest.length > 0 && (
        <>
          <Tooltip title={translate("otvet.actions.more")}>
            <IconButton aria-label={translate("otvet.actions.more")} aria-haspopup="menu" onClick={(event) => setAnchor(event.currentTarget)}><MoreIcon fontSize="small" /></IconButton>
          </Tooltip>
          <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)}>
            {rest.map((name) => (
              <MenuItem
                key={name}
                onClick={() => {
                  setAnchor(null);
                  actions[name](conversation);
                }}
              >
                {label(name)}
              </MenuItem>
            ))}
          </Menu>
        </>
      )}
    </Box>
  );
}
