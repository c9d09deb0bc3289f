import { Box, Tooltip } from "@mui/material";
import { useTranslate } from "ra-core";
import { useConnectionState } from "../realtime/session";

/** Green while changes arrive by themselves, amber on the way there, red when somebody has to act. */
export function ConnectionDot() {
  const state = useConnectionState();
  const translate = useTranslate();
  const label = translate("otvet.connection.label", { state: translate(`otvet.connection.${state}`) });
  const color = state === "online" ? "success.main" : state === "refused" || state === "signed_out" ? "error.main" : "warning.main";
  return (
    <Tooltip title={label} placement="right">
      <Box role="status" aria-label={label} sx={{ width: 24, height: 24, display: "grid", placeItems: "center" }}>
        <Box sx={{ width: 9, height: 9, borderRadius: "50%", bgcolor: color }} />
      </Box>
    </Tooltip>
  );
}
