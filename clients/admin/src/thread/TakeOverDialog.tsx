import { Button, Dialog, DialogActions, DialogContent, DialogContentText, DialogTitle } from "@mui/material";
import type { Person } from "@otvet/sdk";
import { useTranslate } from "ra-core";

/** Two managers must not answer at once by accident: taking over is a decision, and names the other one. */
export function TakeOverDialog({ holder, onConfirm, onCancel }: { holder: Person | null; onConfirm: () => void; onCancel: () => void }) {
  const translate = useTranslate();
  const text = holder === null ? translate("otvet.take_over.body_unknown") : translate("otvet.take_over.body", { name: holder.name });
  return (
    <Dialog open onClose={onCancel} aria-labelledby="take-over-title" aria-describedby="take-over-text" maxWidth="xs" fullWidth>
      <DialogTitle id="take-over-title">{translate("otvet.take_over.title")}</DialogTitle>
      <DialogContent><DialogContentText id="take-over-text" sx={{ overflowWrap: "anywhere" }}>{text}</DialogContentText></DialogContent>
      <DialogActions>
        <Button onClick={onCancel} color="secondary">{translate("otvet.actions.cancel")}</Button>
        <Button onClick={onConfirm} variant="contained" autoFocus>{translate("otvet.actions.take_over")}</Button>
      </DialogActions>
    </Dialog>
  );
}
