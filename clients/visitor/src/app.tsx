import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Ask } from "./screens/ask.js";
import { JoinForm } from "./screens/join.js";
import { ConversationList } from "./screens/list.js";
import { Welcome } from "./screens/welcome.js";
import { useChanges } from "./state/observable.js";
import type { Route } from "./state/router.js";
import { ThreadScreen } from "./thread/screen.js";
import { Banner } from "./ui/banner.js";
import { type Face, FaceContext, useFace } from "./ui/context.js";
import { Mark } from "./ui/icons.js";
import { Later } from "./ui/later.js";

const loadAccount = () => import("./screens/account.js").then((module) => module.Account);
const loadDevices = () => import("./screens/devices.js").then((module) => module.Devices);

/** The whole face. On a phone one pane at a time, on a wide screen the list beside the rest. */
export function App({ session, settings, router }: Face): JSX.Element {
  useChanges(session, settings, router);
  const { unread } = session;
  const t = settings.texts;
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${t.brand}` : t.brand;
  }, [unread, t]);
  return (
    <FaceContext.Provider value={{ session, settings, router }}>
      {session.signedIn ? <Panes route={router.route} /> : <Welcome />}
    </FaceContext.Provider>
  );
}

function Panes({ route }: { route: Route }): JSX.Element {
  const { session } = useFace();
  const isOnline = session.state === "online";
  useEffect(() => {
    // While there is a network: the small screens shall open without one as well.
    if (isOnline) void Promise.all([loadAccount(), loadDevices()]).catch(() => undefined);
  }, [isOnline]);
  return (
    <div class="face">
      <Banner />
      <main class={`panes ${route.screen === "list" ? "shows-list" : "shows-content"}`}>
        <ConversationList current={route.screen === "thread" ? route.id : null} />
        <div class="content">
          <Content route={route} />
        </div>
      </main>
    </div>
  );
}

function Content({ route }: { route: Route }): JSX.Element {
  const { t } = useFace();
  switch (route.screen) {
    case "thread":
      return <ThreadScreen key={route.id} id={route.id} />;
    case "ask":
      return <Ask />;
    case "account":
      return <Later key="account" load={loadAccount} />;
    case "devices":
      return <Later key="devices" load={loadDevices} />;
    case "join":
      return <section class="sheet"><div class="sheet-body card"><JoinForm key={String(route.register)} register={route.register} /></div></section>;
    case "list":
      return <div class="empty"><Mark size={72} /><p>{t.pickConversation}</p></div>;
  }
}
