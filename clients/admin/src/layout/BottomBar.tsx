import { Badge, Box, ButtonBase } from "@mui/material";
import { useTranslate } from "ra-core";
import { NavLink, useLocation } from "react-router";
import type { ManagerIdentity } from "../auth/authProvider";
import { useInbox } from "../inbox/InboxProvider";
import { countOf } from "../inbox/inboxState";
import { ConnectionDot } from "./ConnectionDot";
import { destinationsOf } from "./navigation";
import { SettingsMenu } from "./SettingsMenu";

/** The menu of a phone, within reach of the thumb. */
export function BottomBar({ identity }: { identity: ManagerIdentity }) {
  const translate = useTranslate();
  const { pathname } = useLocation();
  const { state } = useInbox();
  return (
    <Box
      component="nav"
      aria-label={translate("otvet.nav.label")}
      sx={{
        display: "flex", alignItems: "center", px: 1, pb: "env(safe-area-inset-bottom)", bgcolor: "desk.ground",
        borderTop: 1, borderColor: "divider", flexShrink: 0,
      }}
    >
      {destinationsOf(identity.role).map(({ name, to, under, icon: Icon }) => {
        const current = pathname.startsWith(under);
        return (
          <ButtonBase
            key={name}
            component={NavLink}
            to={to}
            aria-current={current ? "page" : undefined}
            sx={{ flex: 1, minHeight: 54, gap: 1.75, fontSize: 13, fontWeight: 600, color: current ? "primary.main" : "text.secondary" }}
          >
            <Badge color="warning" max={99} badgeContent={name === "inbox" ? countOf(state, "waiting").count : 0}>
              <Icon fontSize="small" />
            </Badge>
            {translate(`otvet.nav.${name}`)}
          </ButtonBase>
        );
      })}
      <ConnectionDot />
      <SettingsMenu identity={identity} />
    </Box>
  );
}
