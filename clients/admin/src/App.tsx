import { CacheProvider, type EmotionCache } from "@emotion/react";
import type { OtvetClient } from "@otvet/sdk";
import type { AuthProvider, I18nProvider, Store } from "ra-core";
import { lazy } from "react";
import { Admin, CustomRoutes, Notification, Resource } from "react-admin";
import { HashRouter, Navigate, Route } from "react-router";
import type { PanelDataProvider } from "./api/dataProvider";
import { LoginPage } from "./auth/LoginPage";
import { AppLayout } from "./layout/AppLayout";
import { PeoplePage } from "./people/PeoplePage";
import { ClientProvider } from "./realtime/session";
import { darkTheme, lightTheme } from "./theme/theme";

const InboxPage = lazy(() => import("./inbox/InboxPage"));

interface AppProps {
  client: OtvetClient;
  authProvider: AuthProvider;
  dataProvider: PanelDataProvider;
  i18nProvider: I18nProvider;
  store: Store;
  styles: EmotionCache;
}

/** The panel: React Admin with its own frame around the inbox and the people. */
export function App({ client, styles, ...providers }: AppProps) {
  return (
    <CacheProvider value={styles}>
      <ClientProvider value={client}>
        {/* React Admin's sign-out navigates and empties its caches in one go. As a transition the navigation would come late, and each time find itself signed out anew: for seconds. */}
        <HashRouter useTransitions={false}>
          <Admin
            {...providers}
            title="Otvet"
            requireAuth
            disableTelemetry
            layout={AppLayout}
            loginPage={LoginPage}
            lightTheme={lightTheme}
            darkTheme={darkTheme}
            notification={TopNotification}
            dashboard={ToInbox}
          >
            <Resource name="people" list={PeoplePage} recordRepresentation="name" />
            <CustomRoutes>
              <Route path="/inbox/:tab?/:id?" element={<InboxPage />} />
            </CustomRoutes>
          </Admin>
        </HashRouter>
      </ClientProvider>
    </CacheProvider>
  );
}

/** At the top: at the bottom it would lie over the place to write in. */
function TopNotification() {
  return <Notification anchorOrigin={{ vertical: "top", horizontal: "center" }} />;
}

function ToInbox() {
  return <Navigate to="/inbox/waiting" replace />;
}
