import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useFace } from "../ui/context.js";
import { Field } from "../ui/field.js";
import { Icon } from "../ui/icons.js";
import { formProblem, NO_PROBLEM } from "../ui/problem.js";

/** Signing in or registering; a guest's conversations come along. */
export function JoinForm({ register }: { register: boolean }): JSX.Element {
  const { session, router, t } = useFace();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(NO_PROBLEM);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(NO_PROBLEM);
    try {
      await (register ? session.register(name, email, password) : session.login(email, password));
      // Who has gone on to a conversation meanwhile stays there.
      if (router.route.screen === "join") router.go({ screen: "list" }, { replace: true });
    } catch (error) {
      setProblem(formProblem(error, t));
    } finally {
      setBusy(false);
    }
  };
  const other = () => {
    setProblem(NO_PROBLEM);
    router.go({ screen: "join", register: !register }, { replace: true });
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <div class="form-head">
        <button type="button" class="round" aria-label={t.back} onClick={() => router.go({ screen: session.signedIn ? "account" : "list" })}>
          <Icon name="back" />
        </button>
        <h2>{register ? t.register : t.signIn}</h2>
      </div>
      {session.isGuest && <p class="field-hint">{t.keepsConversations}</p>}
      {register && <Field label={t.name} name="name" value={name} onInput={setName} autocomplete="name" required errors={problem.fields["name"]} />}
      <Field label={t.email} name="email" type="email" value={email} onInput={setEmail} autocomplete="username" required errors={problem.fields["email"]} />
      <Field
        label={t.password} name="password" type="password" value={password} onInput={setPassword} required
        autocomplete={register ? "new-password" : "current-password"} hint={register ? t.passwordHint : undefined} errors={problem.fields["password"]}
      />
      {problem.general && <p class="form-error" role="alert">{problem.general}</p>}
      <button class="primary wide" disabled={busy}>{register ? t.register : t.signIn}</button>
      <p class="switch">
        {register ? t.haveAccount : t.noAccount}{" "}
        <button type="button" class="link" onClick={other}>{register ? t.signIn : t.register}</button>
      </p>
    </form>
  );
}
