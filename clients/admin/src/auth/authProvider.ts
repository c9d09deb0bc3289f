import type { Person, RestClient, Role } from "@otvet/sdk";
import type { AuthProvider, UserIdentity } from "ra-core";
import type { CredentialStore } from "./credentials";

/** What the authProvider needs of the SDK's REST client. */
export type SignInApi = Pick<RestClient, "login" | "logout" | "me">;

export interface SignIn {
  email: string;
  password: string;
}

/** `role` beside what React Admin keeps of the person who is signed in. */
export interface ManagerIdentity extends UserIdentity {
  id: string;
  fullName: string;
  role: Role;
}

/** Signed in with a good password, but as someone who has no business in the panel. */
export class NotAManagerError extends Error {
  override readonly name = "NotAManagerError";
}

export function mayEnter(role: Role): boolean {
  return role === "manager" || role === "admin";
}

/** React Admin's authProvider on the contract's login, logout and me. `onSignOut` ends what lives by the session. */
export function createAuthProvider(api: SignInApi, credentials: CredentialStore, deviceName: string, onSignOut: () => void): AuthProvider {
  return {
    async login({ email, password }: SignIn) {
      const { token, person } = await api.login({ email, password, device_name: deviceName });
      credentials.write({ token, person });
      if (mayEnter(person.role)) return;
      // The visitor's token is revoked at once: it was never meant to be kept here.
      await revoke(api);
      credentials.clear();
      throw new NotAManagerError();
    },

    async logout() {
      onSignOut();
      if (credentials.read() !== null) await revoke(api);
      credentials.clear();
    },

    async checkAuth() {
      const known = credentials.read();
      if (known !== null && mayEnter(known.person.role)) return;
      credentials.clear();
      // `message: false` keeps React Admin quiet: a first visit is no failure.
      throw Object.assign(new Error("signed out"), { message: false });
    },

    async checkError(error: unknown) {
      if ((error as { status?: number } | null)?.status !== 401) return;
      credentials.clear();
      throw Object.assign(new Error("session ended"), { message: "otvet.login.session_ended" });
    },

    async getIdentity(): Promise<ManagerIdentity> {
      const known = credentials.read();
      if (known === null) throw new Error("signed out");
      const person: Person = await api.me();
      credentials.write({ token: known.token, person });
      return { id: person.id, fullName: person.name, role: person.role };
    },

    async getPermissions(): Promise<Role | null> {
      return credentials.read()?.person.role ?? null;
    },

    async canAccess({ resource }) {
      return resource !== "people" || credentials.read()?.person.role === "admin";
    },
  };
}

/** The token is forgotten here whether or not the server could be told. */
async function revoke(api: SignInApi): Promise<void> {
  await api.logout().catch(() => undefined);
}
