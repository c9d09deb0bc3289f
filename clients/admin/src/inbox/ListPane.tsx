import CloseIcon from "@mui/icons-material/Close";
import KeyboardIcon from "@mui/icons-material/KeyboardOutlined";
import SearchIcon from "@mui/icons-material/Search";
import { Alert, Box, Button, CircularProgress, IconButton, InputAdornment, Tab as TabButton, Tabs, TextField, Tooltip, Typography } from "@mui/material";
import type { ConversationId, PersonId, Summary } from "@otvet/sdk";
import { useTranslate } from "ra-core";
import type { RefObject } from "react";
import { Link } from "react-router";
import { describeFailure } from "../api/problem";
import { useNow } from "../i18n/time";
import { ConversationRow } from "./ConversationRow";
import { useInbox } from "./InboxProvider";
import { countOf } from "./inboxState";
import { TABS, type Tab } from "./tabs";
import type { ListState } from "./useList";

interface ListPaneProps {
  me: PersonId;
  tab: Tab;
  open: ConversationId | undefined;
  cursor: ConversationId | undefined;
  list: ListState;
  search: RefObject<HTMLInputElement | null>;
  onHelp: () => void;
}

/** The left pane: tabs, search, and the conversations. */
export function ListPane({ me, tab, open, cursor, list, search, onHelp }: ListPaneProps) {
  const translate = useTranslate();
  return (
    <Box component="section" aria-label={translate("otvet.inbox.list")} sx={{ display: "flex", flexDirection: "column", height: "100%", minWidth: 0, bgcolor: "background.paper" }}>
      <Box sx={{ px: 2, pt: 1.5, display: "flex", alignItems: "center", gap: 1 }}>
        <Typography component="h1" variant="h1" sx={{ flex: 1 }}>{translate("otvet.inbox.title")}</Typography>
        <Tooltip title={translate("otvet.shortcuts.open")}>
          <IconButton aria-label={translate("otvet.shortcuts.open")} onClick={onHelp} sx={{ display: { xs: "none", md: "inline-flex" } }}><KeyboardIcon fontSize="small" /></IconButton>
        </Tooltip>
      </Box>
      <TabBar tab={tab} />
      <SearchField list={list} field={search} />
      <Box id="conversation-list" role="tabpanel" aria-labelledby={`tab-${tab}`} sx={{ flex: 1, minHeight: 0, overflowY: "auto", position: "relative" }}>
        {list.failure !== null && (
          <Alert severity="error" sx={{ m: 2 }} action={<Button color="inherit" size="small" onClick={list.reload}>{translate("otvet.errors.try_again")}</Button>}>
            {describeFailure(list.failure, translate)}
          </Alert>
        )}
        <Rows rows={list.rows} me={me} tab={tab} open={open} cursor={cursor} />
        {list.rows.length === 0 && list.failure === null && <Nothing tab={tab} list={list} />}
        {list.hasMore && <Box sx={{ p: 2, textAlign: "center" }}><Button onClick={list.loadMore} loading={list.loading}>{translate("otvet.inbox.load_more")}</Button></Box>}
      </Box>
    </Box>
  );
}

function TabBar({ tab }: { tab: Tab }) {
  const translate = useTranslate();
  const { state } = useInbox();
  return (
    <Tabs value={tab} aria-label={translate("otvet.tabs.label")} variant="scrollable" scrollButtons={false} sx={{ px: 1, flexShrink: 0, borderBottom: 1, borderColor: "divider" }}>
      {TABS.map((name) => {
        const { count, more } = countOf(state, name);
        return (
          <TabButton
            key={name}
            value={name}
            id={`tab-${name}`}
            aria-controls="conversation-list"
            component={Link}
            to={`/inbox/${name}`}
            label={
              <Box component="span" sx={{ display: "inline-flex", alignItems: "center", gap: 0.75 }}>
                {translate(`otvet.tabs.${name}`)}
                {(name === "waiting" || name === "mine") && (
                  // Its room is kept where there is nothing to count: the tabs behind it would move away under a click.
                  <Box component="span" sx={{ visibility: count > 0 ? "visible" : "hidden", px: 0.75, minWidth: 20, borderRadius: 5, fontSize: 12, lineHeight: "19px", fontWeight: 700, bgcolor: name === "waiting" ? "warning.main" : "action.selected", color: name === "waiting" ? "warning.contrastText" : "text.primary" }}>
                    {count}{more ? "+" : ""}
                  </Box>
                )}
              </Box>
            }
          />
        );
      })}
    </Tabs>
  );
}

function SearchField({ list, field }: { list: ListState; field: RefObject<HTMLInputElement | null> }) {
  const translate = useTranslate();
  const label = translate("otvet.inbox.search");
  return (
    <Box role="search" sx={{ px: 2, py: 1.25, borderBottom: 1, borderColor: "divider", flexShrink: 0 }}>
      <TextField
        fullWidth
        type="search"
        placeholder={label}
        value={list.words}
        onChange={(event) => list.setWords(event.target.value)}
        inputRef={field}
        slotProps={{
          htmlInput: { "aria-label": label, enterKeyHint: "search" },
          input: {
            startAdornment: <InputAdornment position="start"><SearchIcon fontSize="small" /></InputAdornment>,
            endAdornment: list.words !== "" && (
              <InputAdornment position="end">
                <IconButton size="small" edge="end" aria-label={translate("otvet.inbox.clear_search")} onClick={() => list.setWords("")}><CloseIcon fontSize="small" /></IconButton>
              </InputAdornment>
            ),
          },
        }}
        sx={{ "& input::-webkit-search-cancel-button": { display: "none" } }}
      />
    </Box>
  );
}

interface RowsProps {
  rows: readonly Summary[];
  me: PersonId;
  tab: Tab;
  open: ConversationId | undefined;
  cursor: ConversationId | undefined;
}

function Rows({ rows, me, tab, open, cursor }: RowsProps) {
  const translate = useTranslate();
  const { glowing } = useInbox();
  const now = useNow();
  // Somebody who comes by Tab must find one row to stop at.
  const stop = rows.some(({ id }) => id === cursor) ? cursor : rows[0]?.id;
  return (
    <Box component="ul" aria-label={translate(`otvet.tabs.${tab}`)} sx={{ m: 0, p: 0 }}>
      {rows.map((conversation) => (
        <ConversationRow
          key={conversation.id}
          conversation={conversation}
          me={me}
          to={`/inbox/${tab}/${conversation.id}`}
          open={conversation.id === open}
          cursor={conversation.id === stop}
          glowing={glowing.has(conversation.id)}
          now={now}
        />
      ))}
    </Box>
  );
}

function Nothing({ tab, list }: { tab: Tab; list: ListState }) {
  const translate = useTranslate();
  if (list.loading) return <Box sx={{ display: "grid", placeItems: "center", p: 5 }}><CircularProgress size={24} aria-label={translate("otvet.inbox.loading")} /></Box>;
  const name = list.words.trim() === "" ? tab : "search";
  return (
    <Box sx={{ px: 3, py: 6, textAlign: "center" }}>
      <Typography variant="h2" component="p">{translate(`otvet.inbox.empty_${name}`)}</Typography>
      <Typography variant="body2" color="textSecondary" sx={{ mt: 0.5 }}>{translate(`otvet.inbox.empty_${name}_hint`)}</Typography>
    </Box>
  );
}
