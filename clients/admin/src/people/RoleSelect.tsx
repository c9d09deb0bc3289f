import { MenuItem, TextField } from "@mui/material";
import { useTranslate } from "ra-core";
import { useState } from "react";
import { ConfirmDialog } from "./ConfirmDialog";
import { ROLES, type PersonRecord } from "./person";
import { useChangePerson } from "./useChangePerson";

/** A person's role; a change is confirmed, since it gives or takes rights at once. */
export function RoleSelect({ person }: { person: PersonRecord }) {
  const translate = useTranslate();
  const { change, busy, self } = useChangePerson(person);
  const [wanted, setWanted] = useState<PersonRecord["role"] | null>(null);
  const nameOf = (role: PersonRecord["role"]) => translate(`otvet.people.roles.${role}`);
  return (
    <>
      <TextField
        select
        variant="standard"
        value={person.role}
        disabled={busy || self}
        onChange={(event) => setWanted(event.target.value as PersonRecord["role"])}
        slotProps={{ select: { disableUnderline: true, SelectDisplayProps: { "aria-label": translate("otvet.people.role_of", { name: person.name }) } } }}
        sx={{ "& .MuiSelect-select": { fontSize: 14 } }}
      >
        {ROLES.map((role) => <MenuItem key={role} value={role}>{nameOf(role)}</MenuItem>)}
      </TextField>
      {wanted !== null && (
        <ConfirmDialog
          title={translate("otvet.people.confirm_role", { name: person.name })}
          text={translate("otvet.people.confirm_role_body", { from: nameOf(person.role), to: nameOf(wanted) })}
          action={translate("otvet.people.change_role")}
          onCancel={() => setWanted(null)}
          onConfirm={() => {
            change({ role: wanted });
            setWanted(null);
          }}
        />
      )}
    </>
  );
}
