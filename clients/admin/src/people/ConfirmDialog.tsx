import { Button, Dialog, DialogActions, DialogContent, DialogContentText, DialogTitle } from "@mui/material";
import { useTranslate } from "ra-core";
import { useId } from "react";

interface ConfirmDialogProps {
  title: string;
  text: string;
  /** What the button that goes through with it says. */
  action: string;
  danger?: boolean;
  onConfirm: () => void;
  onCancel: () => void;
}

export function ConfirmDialog({ title, text, action, danger = false, onConfirm, onCancel }: ConfirmDialogProps) {
  const translate = useTranslate();
  const id = useId();
  return (
    <Dialog open onClose={onCancel} aria-labelledby={`${id}-title`} aria-describedby={`${id}-text`} maxWidth="xs" fullWidth>
      <DialogTitle id={`${id}-title`} sx={{ overflowWrap: "anywhere" }}>{title}</DialogTitle>
      <DialogContent><DialogContentText id={`${id}-text`}>{text}</DialogContentText></DialogContent>
      <DialogActions>
        <Button onClick={onCancel} color="secondary">{translate("otvet.actions.cancel")}</Button>
        <Button onClick={onConfirm} variant="contained" color={danger ? "error" : "primary"} autoFocus>{action}</Button>
      </DialogActions>
    </Dialog>
  );
}
