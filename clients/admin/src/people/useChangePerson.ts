import { useGetIdentity, useNotify, useTranslate, useUpdate } from "ra-core";
import { describeFailure } from "../api/problem";
import type { PersonRecord } from "./person";

/** Changes one field of a person: what is not sent is not touched. */
export function useChangePerson(person: PersonRecord) {
  const notify = useNotify();
  const translate = useTranslate();
  const { data: identity } = useGetIdentity();
  const [update, { isPending }] = useUpdate<PersonRecord>();

  function change(data: Partial<Pick<PersonRecord, "role" | "disabled">>) {
    void update(
      "people",
      { id: person.id, data, previousData: person },
      {
        mutationMode: "pessimistic",
        onSuccess: () => notify("otvet.people.saved", { type: "success", autoHideDuration: 2000 }),
        onError: (error) => notify(describeFailure(error, translate), { type: "error" }),
      },
    );
  }

  /** Nobody locks themselves out: one's own role and access are for another administrator to change. */
  return { change, busy: isPending, self: identity?.id === person.id };
}
