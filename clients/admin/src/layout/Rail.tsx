import { Avatar, Badge, Box, ButtonBase, Tooltip } from "@mui/material";
import { useTranslate } from "ra-core";
import { NavLink, useLocation } from "react-router";
import type { ManagerIdentity } from "../auth/authProvider";
import { useInbox } from "../inbox/InboxProvider";
import { countOf } from "../inbox/inboxState";
import { ConnectionDot } from "./ConnectionDot";
import { Mark } from "./Mark";
import { destinationsOf, type Destination } from "./navigation";
import { SettingsMenu } from "./SettingsMenu";
import { initialsOf } from "./initials";

/** The narrow menu at the left of a wide screen. */
export function Rail({ identity }: { identity: ManagerIdentity }) {
  const translate = useTranslate();
  return (
    <Box
      component="nav"
      aria-label={translate("otvet.nav.label")}
      sx={{
        width: 84, flexShrink: 0, display: "flex", flexDirection: "column", alignItems: "center", gap: 0.5, py: 1.5,
        bgcolor: "desk.ground", borderRight: 1, borderColor: "divider",
      }}
    >
      <Box sx={{ mb: 1.5, display: "flex" }}><Mark size={30} /></Box>
      {destinationsOf(identity.role).map((destination) => (
        <RailLink key={destination.name} destination={destination} />
      ))}
      <Box sx={{ flex: 1 }} />
      <ConnectionDot />
      <SettingsMenu identity={identity} />
      <Tooltip title={translate("otvet.nav.you", { name: identity.fullName })} placement="right">
        <Avatar sx={{ width: 34, height: 34, mt: 0.5, fontSize: 13, fontWeight: 650, bgcolor: "primary.main", color: "primary.contrastText" }}>
          {initialsOf(identity.fullName)}
        </Avatar>
      </Tooltip>
    </Box>
  );
}

function RailLink({ destination: { name, to, under, icon: Icon } }: { destination: Destination }) {
  const translate = useTranslate();
  const { state } = useInbox();
  const current = useLocation().pathname.startsWith(under);
  const label = translate(`otvet.nav.${name}`);
  return (
    <ButtonBase
      component={NavLink}
      to={to}
      aria-current={current ? "page" : undefined}
      sx={{
        width: 74, py: 0.75, borderRadius: 2, display: "flex", flexDirection: "column", gap: 0.25, fontSize: 11, fontWeight: 600,
        color: current ? "primary.main" : "text.secondary", bgcolor: current ? "action.selected" : "transparent",
        "&:hover": { bgcolor: current ? "action.selected" : "action.hover" },
      }}
    >
      <Badge color="warning" max={99} badgeContent={name === "inbox" ? countOf(state, "waiting").count : 0}>
        <Icon fontSize="small" />
      </Badge>
      <Box component="span" sx={{ maxWidth: "100%", overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}>{label}</Box>
    </ButtonBase>
  );
}
