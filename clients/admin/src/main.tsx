import { browserStore, OtvetClient, RestClient } from "@otvet/sdk";
import { createRoot } from "react-dom/client";
import { createDataProvider } from "./api/dataProvider";
import { createHttpClient } from "./api/request";
import { App } from "./App";
import { createAuthProvider } from "./auth/authProvider";
import { CredentialStore } from "./auth/credentials";
import { deviceNameOf } from "./auth/deviceName";
import { createI18nProvider, startingLocale } from "./i18n/i18nProvider";
import { createPreferenceStore } from "./layout/preferences";
import { createRealtimeProvider } from "./realtime/realtimeProvider";
import { createAdoptedCache } from "./theme/adoptedSheet";

/** The composition root: every part is made here, once, and handed to those that use it. */
async function start(root: HTMLElement): Promise<void> {
  const credentials = new CredentialStore(localStorage);
  const token = () => credentials.token();
  const device = deviceNameOf(navigator.userAgent);
  const rest = new RestClient({ baseUrl: "", token });
  const client = new OtvetClient({ url: socketUrl(), token, device, store: await browserStore("otvet-admin") });
  const store = createPreferenceStore();
  const locale = startingLocale(store.getItem("locale"), navigator.languages);
  const realtime = createRealtimeProvider(client, () => new Date());
  createRoot(root).render(
    <App
      client={client}
      authProvider={createAuthProvider(rest, credentials, device, () => client.stop())}
      dataProvider={createDataProvider(rest, createHttpClient(token), realtime)}
      i18nProvider={createI18nProvider(locale)}
      store={store}
      styles={createAdoptedCache()}
    />,
  );
}

function socketUrl(): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
}

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element #root");
void start(root);
