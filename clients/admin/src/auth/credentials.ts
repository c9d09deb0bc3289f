import type { Person } from "@otvet/sdk";

/** What a sign-in leaves behind in this browser. */
export interface Credentials {
  token: string;
  person: Person;
}

const STORAGE_KEY = "otvet.admin.credentials";

/** The signed-in manager, kept in local storage so that a reload and a second tab stay signed in. */
export class CredentialStore {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  read(): Credentials | null {
    const text = this.#storage.getItem(STORAGE_KEY);
    if (text === null) return null;
    try {
      const value: unknown = JSON.parse(text);
      return isCredentials(value) ? value : null;
    } catch {
      return null;
    }
  }

  token(): string | null {
    return this.read()?.token ?? null;
  }

  write(credentials: Credentials): void {
    this.#storage.setItem(STORAGE_KEY, JSON.stringify(credentials));
  }

  clear(): void {
    this.#storage.removeItem(STORAGE_KEY);
  }
}

function isCredentials(value: unknown): value is Credentials {
  const candidate = value as Partial<Credentials> | null;
  return typeof candidate?.token === "string" && typeof candidate.person?.id === "string";
}
