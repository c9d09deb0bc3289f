import { Alert, Box } from "@mui/material";
import { useCanAccess, useTranslate } from "ra-core";
import { lazy } from "react";

const PeopleList = lazy(() => import("./PeopleList"));

/** The list of people for those who may manage it. */
export function PeoplePage() {
  const translate = useTranslate();
  const { canAccess, isPending } = useCanAccess({ resource: "people", action: "list" });
  if (isPending) return null;
  return canAccess === true ? <PeopleList /> : <Box sx={{ p: 3 }}><Alert severity="info">{translate("otvet.people.denied")}</Alert></Box>;
}
