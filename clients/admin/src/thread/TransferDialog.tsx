import {
  Alert, Avatar, Badge, Box, Button, CircularProgress, Dialog, DialogActions, DialogContent, DialogTitle, List, ListItem, ListItemAvatar,
  ListItemButton, ListItemText, TextField, Typography,
} from "@mui/material";
import { useGetIdentity, useGetList, useTranslate } from "ra-core";
import { useState } from "react";
import type { Manager } from "../api/dataProvider";
import { describeFailure } from "../api/problem";
import { initialsOf } from "../layout/initials";

/** From this many on, a field to search in is worth its place. */
const SEARCHABLE_FROM = 8;

/** Picks the manager who goes on with a conversation; those who are online come first. */
export default function TransferDialog({ onChoose, onCancel }: { onChoose: (manager: Manager) => void; onCancel: () => void }) {
  const translate = useTranslate();
  const { data: identity } = useGetIdentity();
  const { data, error, isPending, refetch } = useGetList<Manager>("managers");
  const [q, setQ] = useState("");
  const others = (data ?? []).filter(({ id }) => id !== identity?.id);
  const shown = inOrder(others).filter(({ name }) => name.toLocaleLowerCase().includes(q.trim().toLocaleLowerCase()));
  return (
    <Dialog open onClose={onCancel} aria-labelledby="transfer-title" maxWidth="xs" fullWidth>
      <DialogTitle id="transfer-title">{translate("otvet.transfer.title")}</DialogTitle>
      <DialogContent sx={{ pb: 0 }}>
        {isPending && <Box sx={{ display: "grid", placeItems: "center", p: 3 }}><CircularProgress size={24} aria-label={translate("otvet.transfer.loading")} /></Box>}
        {error !== null && (
          <Alert severity="error" action={<Button color="inherit" size="small" onClick={() => void refetch()}>{translate("otvet.errors.try_again")}</Button>}>
            {describeFailure(error, translate)}
          </Alert>
        )}
        {data !== undefined && others.length === 0 && <Typography color="textSecondary">{translate("otvet.transfer.nobody")}</Typography>}
        {others.length >= SEARCHABLE_FROM && (
          <TextField fullWidth autoFocus label={translate("otvet.transfer.search")} value={q} onChange={(event) => setQ(event.target.value)} sx={{ mt: 1, mb: 1 }} />
        )}
        <List dense disablePadding>
          {shown.map((manager) => (
            <ListItem key={manager.id} disablePadding>
              <ListItemButton onClick={() => onChoose(manager)} sx={{ borderRadius: 2 }}>
                <ListItemAvatar sx={{ minWidth: 48 }}>
                  <Badge variant="dot" color="success" invisible={!manager.online} overlap="circular" anchorOrigin={{ vertical: "bottom", horizontal: "right" }}>
                    <Avatar sx={{ width: 34, height: 34, fontSize: 13, bgcolor: "action.selected", color: "text.primary" }}>{initialsOf(manager.name)}</Avatar>
                  </Badge>
                </ListItemAvatar>
                <ListItemText
                  primary={manager.name}
                  secondary={`${translate(`otvet.people.roles.${manager.role}`)} · ${translate(manager.online ? "otvet.transfer.online" : "otvet.transfer.offline")}`}
                  slotProps={{ primary: { noWrap: true, title: manager.name }, secondary: { noWrap: true } }}
                />
              </ListItemButton>
            </ListItem>
          ))}
        </List>
      </DialogContent>
      <DialogActions><Button onClick={onCancel} color="secondary">{translate("otvet.actions.cancel")}</Button></DialogActions>
    </Dialog>
  );
}

function inOrder(managers: readonly Manager[]): Manager[] {
  return [...managers].sort((a, b) => Number(b.online) - Number(a.online) || a.name.localeCompare(b.name));
}
