import { Box, Paper, Table, TableBody, TableCell, TableHead, TableRow, TableSortLabel } from "@mui/material";
import { useListContext, useTranslate } from "ra-core";
import { useTimeFormats } from "../i18n/time";
import { AccessSwitch } from "./AccessSwitch";
import type { PersonRecord } from "./person";
import { RoleSelect } from "./RoleSelect";

const COLUMNS = ["name", "email", "role", "disabled", "created_at", "last_seen_at"] as const;
const ONE_LINE = { maxWidth: 0, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" } as const;

export function PeopleTable({ people }: { people: readonly PersonRecord[] }) {
  const translate = useTranslate();
  const times = useTimeFormats();
  return (
    <Paper variant="outlined" sx={{ overflowX: "auto" }}>
      <Table size="small" aria-label={translate("otvet.nav.people")}>
        <TableHead><TableRow>{COLUMNS.map((column) => <SortableHead key={column} column={column} />)}</TableRow></TableHead>
        <TableBody>
          {people.map((person) => (
            <TableRow key={person.id} hover sx={{ "&:last-child td": { border: 0 } }}>
              <TableCell title={person.name} sx={{ ...ONE_LINE, width: "26%", fontWeight: 600 }}>{person.name}</TableCell>
              <TableCell title={person.email} sx={{ ...ONE_LINE, width: "26%" }}>{person.email}</TableCell>
              <TableCell sx={{ width: 170 }}><RoleSelect person={person} /></TableCell>
              <TableCell sx={{ width: 140 }}><AccessSwitch person={person} /></TableCell>
              <TableCell sx={{ whiteSpace: "nowrap" }}>{times.day(person.created_at)}</TableCell>
              <TableCell sx={{ whiteSpace: "nowrap" }}>
                {person.last_seen_at === null
                  ? <Box component="span" sx={{ color: "text.secondary" }}>{translate("otvet.people.never")}</Box>
                  : <time dateTime={person.last_seen_at} title={times.full(person.last_seen_at)}>{times.short(person.last_seen_at)}</time>}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Paper>
  );
}

function SortableHead({ column }: { column: (typeof COLUMNS)[number] }) {
  const translate = useTranslate();
  const { sort, setSort } = useListContext<PersonRecord>();
  const active = sort.field === column;
  const direction = sort.order === "DESC" ? "desc" : "asc";
  return (
    <TableCell sortDirection={active ? direction : false} sx={{ whiteSpace: "nowrap" }}>
      <TableSortLabel
        active={active}
        direction={active ? direction : "asc"}
        onClick={() => setSort({ field: column, order: active && direction === "asc" ? "DESC" : "ASC" })}
      >
        {translate(`otvet.people.${column === "disabled" ? "access" : column}`)}
      </TableSortLabel>
    </TableCell>
  );
}
