import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useFace } from "../ui/context.js";
import { Field } from "../ui/field.js";
import { Mark } from "../ui/icons.js";
import { Choices } from "./choices.js";
import { JoinForm } from "./join.js";
import { formProblem, NO_PROBLEM } from "../ui/problem.js";

/** For somebody who is not signed in: ask at once, or sign in. */
export function Welcome(): JSX.Element {
  const { session, router, t } = useFace();
  const { route } = router;
  const joining = route.screen === "join" ? route : null;
  return (
    <main class="welcome">
      <div class="welcome-words">
        <div class="welcome-brand">
          <Mark size={44} />
          <span>{t.brand}</span>
        </div>
        <h1>{t.tagline}</h1>
        <p>{t.pitch}</p>
      </div>
      <div class="card">
        {session.expired && <p class="notice">{t.expired}</p>}
        {joining ? <JoinForm register={joining.register} /> : <GuestForm />}
      </div>
      <Choices />
    </main>
  );
}

function GuestForm(): JSX.Element {
  const { session, router, t } = useFace();
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(NO_PROBLEM);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await session.guest(name);
      if (router.route.screen === "list") router.go({ screen: "ask" });
    } catch (error) {
      setProblem(formProblem(error, t));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Field label={t.guestName} name="name" value={name} onInput={setName} hint={t.guestNameHint} autocomplete="name" maxLength={100} errors={problem.fields["name"]} />
      {problem.general && <p class="form-error" role="alert">{problem.general}</p>}
      <button class="primary wide" disabled={busy}>{t.continueAsGuest}</button>
      <div class="or"><span>{t.or}</span></div>
      <div class="pair">
        <button type="button" class="secondary" onClick={() => router.go({ screen: "join", register: false })}>{t.signIn}</button>
        <button type="button" class="secondary" onClick={() => router.go({ screen: "join", register: true })}>{t.register}</button>
      </div>
    </form>
  );
}
