import { Box, Paper, Typography } from "@mui/material";
import { useTranslate } from "ra-core";
import { useTimeFormats } from "../i18n/time";
import { AccessSwitch } from "./AccessSwitch";
import type { PersonRecord } from "./person";
import { RoleSelect } from "./RoleSelect";

/** People on a narrow screen, where a table would have to be pushed sideways. */
export function PeopleCards({ people }: { people: readonly PersonRecord[] }) {
  const translate = useTranslate();
  const times = useTimeFormats();
  return (
    <Box component="ul" aria-label={translate("otvet.nav.people")} sx={{ m: 0, p: 0, display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: 1.5, listStyle: "none" }}>
      {people.map((person) => (
        <Paper key={person.id} component="li" variant="outlined" sx={{ p: 1.75, minWidth: 0 }}>
          <Typography variant="h3" component="h2" noWrap title={person.name}>{person.name}</Typography>
          <Typography variant="body2" color="textSecondary" noWrap title={person.email}>{person.email}</Typography>
          <Box sx={{ display: "flex", flexWrap: "wrap", alignItems: "center", justifyContent: "space-between", gap: 1, mt: 1.25 }}>
            <RoleSelect person={person} />
            <AccessSwitch person={person} />
          </Box>
          <Typography variant="caption" color="textSecondary" component="div" sx={{ mt: 0.75 }}>
            {translate("otvet.people.last_seen_at")}: {person.last_seen_at === null ? translate("otvet.people.never") : times.full(person.last_seen_at)}
          </Typography>
        </Paper>
      ))}
    </Box>
  );
}
