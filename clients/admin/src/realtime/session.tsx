import type { ConnectionState, OtvetClient } from "@otvet/sdk";
import { useLogout, useNotify } from "ra-core";
import { createContext, useCallback, useContext, useEffect, useSyncExternalStore, type ReactNode } from "react";

const ClientContext = createContext<OtvetClient | null>(null);

export const ClientProvider = ClientContext.Provider;

/** The realtime client of this tab. */
export function useClient(): OtvetClient {
  const client = useContext(ClientContext);
  if (client === null) throw new Error("useClient needs a ClientProvider above it");
  return client;
}

/** How the connection fares right now. */
export function useConnectionState(): ConnectionState {
  const client = useClient();
  const subscribe = useCallback((changed: () => void) => client.on("state", changed), [client]);
  return useSyncExternalStore(subscribe, () => client.state);
}

/**
 * Opens the connection when somebody is signed in; signing out closes it (see `main`), not unmounting: a change of
 * language mounts everything anew, and must not cost the connection. A token that no longer counts leads back to the sign-in.
 */
export function LiveConnection({ children }: { children: ReactNode }) {
  const client = useClient();
  const state = useConnectionState();
  const logout = useLogout();
  const notify = useNotify();

  useEffect(() => {
    if (client.state === "idle") void client.start();
  }, [client]);

  useEffect(() => {
    if (state !== "signed_out") return;
    notify("otvet.login.session_ended", { type: "warning" });
    void logout();
  }, [state, logout, notify]);

  return children;
}
