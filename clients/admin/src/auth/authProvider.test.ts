import { ProblemError, type Person } from "@otvet/sdk";
import { describe, expect, it } from "vitest";
import { ANNA, VISITOR } from "../testing";
import { createAuthProvider, NotAManagerError, type SignInApi } from "./authProvider";
import { CredentialStore } from "./credentials";

class MemoryStorage {
  readonly #values = new Map<string, string>();
  getItem = (key: string) => this.#values.get(key) ?? null;
  setItem = (key: string, value: string) => void this.#values.set(key, value);
  removeItem = (key: string) => void this.#values.delete(key);
}

function panelFor(person: Person, { me = async () => person, reachable = true } = {}) {
  const calls: string[] = [];
  const credentials = new CredentialStore(new MemoryStorage() as unknown as Storage);
  const api: SignInApi = {
    login: async (given) => {
      calls.push(`login ${given.email} as ${given.device_name}`);
      if (given.password !== "right") throw new ProblemError(422, "invalid", "These credentials do not match our records.");
      return { token: "7|secret", person };
    },
    logout: async () => {
      calls.push("logout");
      if (!reachable) throw new ProblemError(0, "network", "The server could not be reached.");
    },
    me,
  };
  const provider = createAuthProvider(api, credentials, "Chrome, Linux", () => calls.push("signed out"));
  return { provider, credentials, calls };
}

const GOOD = { email: "a@example.com", password: "right" };

describe("signing in", () => {
  it("keeps token and person of a manager", async () => {
    const { provider, credentials, calls } = panelFor(ANNA);
    await provider.login(GOOD);
    expect(credentials.read()).toEqual({ token: "7|secret", person: ANNA });
    expect(calls).toEqual(["login a@example.com as Chrome, Linux"]);
    await expect(provider.checkAuth({})).resolves.toBeUndefined();
  });

  it("turns a visitor away and gives the token back", async () => {
    const { provider, credentials, calls } = panelFor(VISITOR);
    await expect(provider.login(GOOD)).rejects.toBeInstanceOf(NotAManagerError);
    expect(credentials.read()).toBeNull();
    expect(calls.at(-1)).toBe("logout");
  });

  it("passes a refusal on and keeps nothing", async () => {
    const { provider, credentials } = panelFor(ANNA);
    await expect(provider.login({ ...GOOD, password: "wrong" })).rejects.toMatchObject({ status: 422, code: "invalid" });
    expect(credentials.read()).toBeNull();
  });
});

describe("a session", () => {
  it("ends on 401 and on nothing else", async () => {
    const { provider, credentials } = panelFor(ANNA);
    await provider.login(GOOD);
    await expect(provider.checkError(new ProblemError(403, "forbidden", "no"))).resolves.toBeUndefined();
    expect(credentials.token()).toBe("7|secret");
    await expect(provider.checkError(new ProblemError(401, "unauthorized", "no"))).rejects.toMatchObject({ message: "otvet.login.session_ended" });
    expect(credentials.token()).toBeNull();
  });

  it("is forgotten on signing out even if the server cannot be told", async () => {
    const { provider, credentials, calls } = panelFor(ANNA, { reachable: false });
    await provider.login(GOOD);
    await provider.logout({});
    expect(calls.slice(1)).toEqual(["signed out", "logout"]);
    expect(credentials.read()).toBeNull();
    await expect(provider.checkAuth({})).rejects.toMatchObject({ message: false });
  });

  it("learns a new name and role from the server", async () => {
    const { provider } = panelFor(ANNA, { me: async () => ({ ...ANNA, name: "Anna P.", role: "admin" as const }) });
    await provider.login(GOOD);
    expect(await provider.getIdentity?.()).toEqual({ id: "u2", fullName: "Anna P.", role: "admin" });
    expect(await provider.canAccess?.({ resource: "people", action: "list" })).toBe(true);
  });

  it("of a manager has no access to people", async () => {
    const { provider } = panelFor(ANNA);
    await provider.login(GOOD);
    expect(await provider.canAccess?.({ resource: "people", action: "list" })).toBe(false);
    expect(await provider.canAccess?.({ resource: "conversations", action: "list" })).toBe(true);
  });

  it("survives a damaged store as signed out", () => {
    const storage = new MemoryStorage();
    storage.setItem("otvet.admin.credentials", "{broken");
    expect(new CredentialStore(storage as unknown as Storage).read()).toBeNull();
  });
});
