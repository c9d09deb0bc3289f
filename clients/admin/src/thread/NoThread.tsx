import { Box, Button, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { Mark } from "../layout/Mark";

interface NoThreadProps {
  /** A link led to a conversation that is not there. */
  absent: boolean;
  /** Leads back to the list, on a phone. */
  onBack: (() => void) | undefined;
}

/** What stands in the middle while there is no conversation to show. */
export function NoThread({ absent, onBack }: NoThreadProps) {
  const translate = useTranslate();
  return (
    <Box sx={{ height: "100%", display: "grid", placeItems: "center", bgcolor: "desk.ground", p: 4 }}>
      <Box sx={{ textAlign: "center", maxWidth: 360 }}>
        <Box sx={{ opacity: 0.35 }}><Mark size={56} /></Box>
        <Typography variant="h2" component={onBack ? "h1" : "p"} sx={{ mt: 2 }}>{translate(absent ? "otvet.thread.absent" : "otvet.thread.choose")}</Typography>
        <Typography variant="body2" color="textSecondary" sx={{ mt: 0.5 }}>{translate(absent ? "otvet.errors.not_found" : "otvet.thread.choose_hint")}</Typography>
        {onBack && <Button onClick={onBack} sx={{ mt: 2 }}>{translate("otvet.inbox.back")}</Button>}
      </Box>
    </Box>
  );
}
