import SearchIcon from "@mui/icons-material/Search";
import { Alert, Box, Button, CircularProgress, InputAdornment, MenuItem, TextField, Typography, useMediaQuery } from "@mui/material";
import { ListBase, useListContext, useTranslate } from "ra-core";
import { Pagination } from "react-admin";
import { useState } from "react";
import { describeFailure } from "../api/problem";
import { PeopleCards } from "./PeopleCards";
import { PeopleTable } from "./PeopleTable";
import { ROLES, type PersonRecord } from "./person";

/** Everybody with an account; administrators give roles and close access here. */
export default function PeopleList() {
  return (
    <ListBase<PersonRecord> resource="people" perPage={25} sort={{ field: "name", order: "ASC" }} disableSyncWithLocation={false}>
      <People />
    </ListBase>
  );
}

function People() {
  const translate = useTranslate();
  const narrow = useMediaQuery((theme) => theme.breakpoints.down("md"));
  const { data, error, isPending, total, refetch } = useListContext<PersonRecord>();
  return (
    <Box sx={{ height: "100%", overflowY: "auto", px: { xs: 2, md: 4 }, py: { xs: 2, md: 3 } }}>
      <Box sx={{ maxWidth: 1120, mx: "auto" }}>
        <Typography component="h1" variant="h1" sx={{ mb: 2 }}>{translate("otvet.nav.people")}</Typography>
        <Filters />
        {error != null && (
          <Alert severity="error" sx={{ mb: 2 }} action={<Button color="inherit" size="small" onClick={() => void refetch()}>{translate("otvet.errors.try_again")}</Button>}>
            {describeFailure(error, translate)}
          </Alert>
        )}
        {isPending && <Box sx={{ display: "grid", placeItems: "center", p: 6 }}><CircularProgress size={26} aria-label={translate("ra.page.loading")} /></Box>}
        {data !== undefined && data.length === 0 && <Typography color="textSecondary" sx={{ p: 4, textAlign: "center" }}>{translate("otvet.people.empty")}</Typography>}
        {data !== undefined && data.length > 0 && (narrow ? <PeopleCards people={data} /> : <PeopleTable people={data} />)}
        {(total ?? 0) > 10 && <Pagination rowsPerPageOptions={[10, 25, 50, 100]} />}
      </Box>
    </Box>
  );
}

function Filters() {
  const translate = useTranslate();
  const list = useListContext<PersonRecord>();
  const { q = "", role = "" } = list.filterValues as { q?: string; role?: string };
  // What is typed shows at once; React Admin asks the server only when typing rests.
  const [words, setWords] = useState(q);
  const change = (next: { q?: string; role?: string }) => {
    const filters = { q, role, ...next };
    list.setFilters(Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== "")));
  };
  return (
    <Box role="search" sx={{ display: "flex", flexWrap: "wrap", gap: 1.5, mb: 2 }}>
      <TextField
        type="search"
        placeholder={translate("otvet.people.search")}
        value={words}
        onChange={(event) => {
          setWords(event.target.value);
          change({ q: event.target.value });
        }}
        slotProps={{ htmlInput: { "aria-label": translate("otvet.people.search"), enterKeyHint: "search" }, input: { startAdornment: <InputAdornment position="start"><SearchIcon fontSize="small" /></InputAdornment> } }}
        sx={{ flex: "1 1 220px", maxWidth: 380 }}
      />
      <TextField select label={translate("otvet.people.role")} value={role} onChange={(event) => change({ role: event.target.value })} slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }} sx={{ minWidth: 170 }}>
        <MenuItem value="">{translate("otvet.people.all_roles")}</MenuItem>
        {ROLES.map((name) => <MenuItem key={name} value={name}>{translate(`otvet.people.roles.${name}`)}</MenuItem>)}
      </TextField>
    </Box>
  );
}
