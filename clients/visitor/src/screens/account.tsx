import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Avatar } from "../ui/avatar.js";
import { useFace } from "../ui/context.js";
import { Icon } from "../ui/icons.js";
import { Choices } from "./choices.js";

/** Who one is here, one's devices, language and colours, the way out. */
export function Account(): JSX.Element {
  const { session, router, t } = useFace();
  const { person } = session;
  return (
    <section class="sheet">
      <header class="sheet-head">
        <button class="round phone-only" aria-label={t.back} onClick={() => router.go({ screen: "list" })}><Icon name="back" /></button>
        <h1>{t.account}</h1>
      </header>
      <div class="sheet-body">
        {person && (
          <div class="person">
            <Avatar id={person.id} name={person.name} />
            <div class="person-words">
              <p class="person-name">{person.name || t.guest}</p>
              {session.isGuest && <p class="field-hint">{t.guest}</p>}
            </div>
          </div>
        )}
        {session.isGuest && (
          <div class="notice">
            <p>{t.guestNotice}</p>
            <div class="pair">
              <button class="secondary" onClick={() => router.go({ screen: "join", register: true })}>{t.register}</button>
              <button class="secondary" onClick={() => router.go({ screen: "join", register: false })}>{t.signIn}</button>
            </div>
          </div>
        )}
        <button class="row-button" onClick={() => router.go({ screen: "devices" })}>
          <Icon name="devices" /> <span>{t.devices}</span>
        </button>
        <Choices />
        <SignOut />
      </div>
    </section>
  );
}

/** Asks once more where leaving would lose something. */
function SignOut(): JSX.Element {
  const { session, router, t } = useFace();
  const [asking, setAsking] = useState(false);
  const losses = [session.isGuest && t.signOutGuest, session.client.queue().length > 0 && t.signOutUnsent].filter(Boolean);
  const leave = async () => {
    await session.logout();
    router.go({ screen: "list" }, { replace: true });
  };
  if (!asking) {
    return (
      <button class="row-button is-danger" onClick={() => (losses.length > 0 ? setAsking(true) : void leave())}>
        <Icon name="out" /> <span>{t.signOut}</span>
      </button>
    );
  }
  return (
    <div class="notice is-danger" role="alertdialog" aria-label={t.signOut}>
      <p>{losses.join(" ")}</p>
      <div class="pair">
        <button class="secondary" autofocus onClick={() => setAsking(false)}>{t.cancel}</button>
        <button class="danger" onClick={() => void leave()}>{t.signOutAnyway}</button>
      </div>
    </div>
  );
}
