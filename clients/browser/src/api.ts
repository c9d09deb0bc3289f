import { randomUUID } from "node:crypto";

export interface SignedIn {
  token: string;
  person: { id: string; name: string; role: string };
}

export interface StoredMessage {
  kind: string;
  seq: number;
  body?: string;
  author?: { id: string; name: string };
}

/** Speaks to the server as one person would, past the faces: to prepare a scene, and to see what is stored. */
export class Api {
  constructor(
    readonly origin: string,
    readonly me: SignedIn,
  ) {}

  static async login(origin: string, email: string, password: string): Promise<Api> {
    return new Api(origin, await post<SignedIn>(origin, "/login", { email, password, device_name: "test" }));
  }

  static async register(origin: string, name: string, email: string, password: string): Promise<Api> {
    return new Api(origin, await post<SignedIn>(origin, "/register", { name, email, password }));
  }

  static async guest(origin: string, name: string): Promise<Api> {
    return new Api(origin, await post<SignedIn>(origin, "/guest", { name }));
  }

  /** Opens a conversation; resolves with its id. */
  async ask(body: string, subject?: string): Promise<string> {
    const answer = await this.#post<{ conversation?: { id: string }; id?: string }>("/conversations", { key: randomUUID(), body, ...(subject ? { subject } : {}) });
    const id = answer.conversation?.id ?? answer.id;
    if (!id) throw new Error(`No conversation in ${JSON.stringify(answer)}`);
    return id;
  }

  async say(conversation: string, body: string): Promise<void> {
    await this.#post(`/conversations/${conversation}/messages`, { body }, { "Idempotency-Key": randomUUID() });
  }

  async note(conversation: string, body: string): Promise<void> {
    await this.#post(`/conversations/${conversation}/note`, { body, key: randomUUID() });
  }

  async act(conversation: string, action: "claim" | "release" | "resolve" | "reopen" | "transfer" | "read", body: object = {}): Promise<void> {
    await this.#post(`/conversations/${conversation}/${action}`, body);
  }

  /** The newest events of a conversation, as they are stored. */
  async events(conversation: string): Promise<StoredMessage[]> {
    const answer = await call<{ data: StoredMessage[] }>(this.origin, "GET", `/conversations/${conversation}/messages?limit=200`, undefined, this.#bearer());
    return answer.data;
  }

  /** The ids of one's conversations. */
  async conversations(): Promise<string[]> {
    const answer = await call<{ data: { id: string }[] }>(this.origin, "GET", "/conversations", undefined, this.#bearer());
    return answer.data.map(({ id }) => id);
  }

  /** What was said in a conversation, in its order. */
  async bodies(conversation: string): Promise<string[]> {
    return (await this.events(conversation)).filter(({ kind }) => kind === "message").map(({ body }) => body ?? "");
  }

  #bearer(): Record<string, string> {
    return { Authorization: `Bearer ${this.me.token}` };
  }

  #post<T>(path: string, body: object, headers: Record<string, string> = {}): Promise<T> {
    return call(this.origin, "POST", path, body, { ...this.#bearer(), ...headers });
  }
}

function post<T>(origin: string, path: string, body: object): Promise<T> {
  return call(origin, "POST", path, body, {});
}

async function call<T>(origin: string, method: string, path: string, body: object | undefined, headers: Record<string, string>): Promise<T> {
  const response = await fetch(`${origin}/api/v1${path}`, {
    method,
    headers: { Accept: "application/json", ...(body ? { "Content-Type": "application/json" } : {}), ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return (text ? JSON.parse(text) : null) as T;
}
