import { Box, Button, Dialog, DialogActions, DialogContent, DialogTitle, Typography } from "@mui/material";
import { useTranslate } from "ra-core";

const SHORTCUTS: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ["move", ["↑", "↓", "K", "J"]], ["enter", ["Enter"]], ["claim", ["C"]], ["resolve", ["R"]], ["reply", ["N"]],
  ["search", ["/"]], ["escape", ["Esc"]], ["help", ["?"]],
];

export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const translate = useTranslate();
  return (
    <Dialog open onClose={onClose} aria-labelledby="shortcuts-title" maxWidth="xs" fullWidth>
      <DialogTitle id="shortcuts-title">{translate("otvet.shortcuts.title")}</DialogTitle>
      <DialogContent>
        <Box component="dl" sx={{ display: "grid", gridTemplateColumns: "1fr auto", gap: 1.25, m: 0 }}>
          {SHORTCUTS.map(([name, keys]) => (
            <Box key={name} sx={{ display: "contents" }}>
              <Typography component="dt" variant="body2">{translate(`otvet.shortcuts.${name}`)}</Typography>
              <Box component="dd" sx={{ m: 0, display: "flex", gap: 0.5, justifyContent: "flex-end" }}>
                {keys.map((key) => <Key key={key} name={key} />)}
              </Box>
            </Box>
          ))}
        </Box>
      </DialogContent>
      <DialogActions><Button onClick={onClose} autoFocus>{translate("otvet.actions.close")}</Button></DialogActions>
    </Dialog>
  );
}

function Key({ name }: { name: string }) {
  return (
    <Box component="kbd" sx={{ minWidth: 24, px: 0.75, py: 0.25, textAlign: "center", fontFamily: "inherit", fontSize: 12, fontWeight: 600, border: 1, borderBottomWidth: 2, borderColor: "divider", borderRadius: 1, bgcolor: "desk.ground" }}>
      {name}
    </Box>
  );
}
