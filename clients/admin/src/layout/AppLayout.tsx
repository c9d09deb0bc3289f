import { Alert, Box, CircularProgress, useMediaQuery } from "@mui/material";
import type { CoreLayoutProps } from "ra-core";
import { useGetIdentity, useTranslate } from "ra-core";
import { Suspense } from "react";
import { ErrorBoundary } from "react-error-boundary";
import { Error as ErrorPage } from "react-admin";
import { useLocation } from "react-router";
import { Announcements } from "../alerts/Announcements";
import type { ManagerIdentity } from "../auth/authProvider";
import { useDocumentLanguage } from "../i18n/useDocumentLanguage";
import { InboxProvider } from "../inbox/InboxProvider";
import { LiveConnection, useConnectionState } from "../realtime/session";
import { BottomBar } from "./BottomBar";
import { Rail } from "./Rail";

/** The frame of every page: rail and content, on a phone content and bottom bar. */
export function AppLayout({ children }: CoreLayoutProps) {
  useDocumentLanguage();
  const { data } = useGetIdentity();
  const identity = data as ManagerIdentity | undefined;
  if (identity === undefined) return <Waiting />;
  return (
    <LiveConnection>
      <InboxProvider me={identity.id}>
        <Frame identity={identity}>{children}</Frame>
        <Announcements />
      </InboxProvider>
    </LiveConnection>
  );
}

function Frame({ identity, children }: CoreLayoutProps & { identity: ManagerIdentity }) {
  const phone = useMediaQuery((theme) => theme.breakpoints.down("md"));
  const { pathname } = useLocation();
  // An open thread needs the height of the bar; its own arrow leads back.
  const bar = phone && !/^\/inbox\/[^/]+\/.+/.test(pathname);
  return (
    <Box sx={{ display: "flex", flexDirection: phone ? "column" : "row", height: "100dvh", overflow: "hidden", bgcolor: "background.default" }}>
      <SkipLink />
      {!phone && <Rail identity={identity} />}
      <Box component="main" id="main-content" tabIndex={-1} sx={{ flex: 1, minWidth: 0, minHeight: 0, display: "flex", flexDirection: "column", outline: "none" }}>
        <ConnectionBanner />
        <Box sx={{ flex: 1, minHeight: 0 }}>
          <ErrorBoundary FallbackComponent={({ error, resetErrorBoundary }) => <ErrorPage error={error as Error} resetErrorBoundary={resetErrorBoundary} />}>
            <Suspense fallback={<Waiting />}>{children}</Suspense>
          </ErrorBoundary>
        </Box>
      </Box>
      {bar && <BottomBar identity={identity} />}
    </Box>
  );
}

function SkipLink() {
  const translate = useTranslate();
  return (
    <Box
      component="button"
      type="button"
      onClick={() => document.getElementById("main-content")?.focus()}
      sx={{
        position: "fixed", top: 8, left: 8, zIndex: "tooltip", p: 1, border: 0, borderRadius: 1, font: "inherit",
        bgcolor: "primary.main", color: "primary.contrastText", transform: "translateY(-200%)", "&:focus": { transform: "none" },
      }}
    >
      {translate("otvet.skip_to_content")}
    </Box>
  );
}

/** Says that nothing is live at the moment. A short interruption stays silent: see the dot in the rail. */
function ConnectionBanner() {
  const state = useConnectionState();
  const translate = useTranslate();
  if (state !== "waiting" && state !== "offline" && state !== "refused") return null;
  return (
    <Alert severity={state === "refused" ? "error" : "warning"} variant="standard" role="status" sx={{ borderRadius: 0, py: 0, alignItems: "center" }}>
      {translate(state === "refused" ? "otvet.connection.refused" : "otvet.connection.banner")}
    </Alert>
  );
}

function Waiting() {
  const translate = useTranslate();
  return (
    <Box sx={{ height: "100%", minHeight: 200, display: "grid", placeItems: "center" }}>
      <CircularProgress aria-label={translate("ra.page.loading")} size={28} />
    </Box>
  );
}
