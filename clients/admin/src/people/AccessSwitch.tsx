import { FormControlLabel, Switch } from "@mui/material";
import { useTranslate } from "ra-core";
import { useState } from "react";
import { ConfirmDialog } from "./ConfirmDialog";
import type { PersonRecord } from "./person";
import { useChangePerson } from "./useChangePerson";

/** Closes and opens a person's access. Closing signs them out everywhere, so it is confirmed. */
export function AccessSwitch({ person }: { person: PersonRecord }) {
  const translate = useTranslate();
  const { change, busy, self } = useChangePerson(person);
  const [asking, setAsking] = useState(false);
  const state = self ? "yourself" : person.disabled ? "disabled" : "enabled";
  return (
    <>
      <FormControlLabel
        sx={{ ml: -0.75, mr: 0 }}
        label={translate(`otvet.people.${state}`)}
        slotProps={{ typography: { variant: "body2", color: person.disabled ? "error" : "textSecondary" } }}
        control={
          <Switch
            size="small"
            checked={!person.disabled}
            disabled={busy || self}
            onChange={(_, on) => (on ? change({ disabled: false }) : setAsking(true))}
            slotProps={{ input: { "aria-label": translate("otvet.people.access_of", { name: person.name }) } }}
          />
        }
      />
      {asking && (
        <ConfirmDialog
          title={translate("otvet.people.confirm_disable", { name: person.name })}
          text={translate("otvet.people.confirm_disable_body")}
          action={translate("otvet.people.disable")}
          danger
          onCancel={() => setAsking(false)}
          onConfirm={() => {
            change({ disabled: true });
            setAsking(false);
          }}
        />
      )}
    </>
  );
}
