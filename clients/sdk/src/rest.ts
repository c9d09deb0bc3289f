import { ProblemError } from "./problem.js";
import type { ConversationId, ErrorCode, Event, Person, PersonId, Status, Summary } from "./types.js";

export interface RestOptions {
  /** Origin of the server without a path; empty for the page's own. */
  baseUrl: string;
  token: () => string | null;
  fetch?: typeof fetch;
}

export interface SignedIn {
  token: string;
  person: Person;
}

/** A device that is signed in. */
export interface TokenInfo {
  id: number;
  name: string;
  last_used_at: string | null;
  created_at: string | null;
  expires_at: string | null;
  /** Whether it is the token that asks. */
  current?: boolean;
}

export interface Page<T> {
  data: T[];
  /** Opaque; pass it as `cursor`. Null on the last page. */
  next: string | null;
}

/** A piece of a conversation's history, in its order. */
export interface EventPage {
  data: Event[];
  /** Whether there is more in the direction that was asked for. */
  more: boolean;
}

export interface Registration {
  name: string;
  email: string;
  password: string;
  /** A guest's token: its conversations become the account's. */
  guest_token?: string;
}

export interface Credentials {
  email: string;
  password: string;
  device_name: string;
  /** A guest's token: its conversations become the account's. */
  guest_token?: string;
}

export interface ConversationFilter {
  status?: Status;
  mine?: boolean;
  q?: string;
  limit?: number;
  cursor?: string;
}

/** The REST interface. Every method rejects with {@link ProblemError}. */
export class RestClient {
  readonly #base: string;
  readonly #token: () => string | null;
  readonly #fetch: typeof fetch;

  constructor(options: RestOptions) {
    this.#base = `${options.baseUrl.replace(/\/$/, "")}/api/v1`;
    this.#token = options.token;
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  }

  register(registration: Registration): Promise<SignedIn> {
    return this.#post("/register", registration, false);
  }

  login(credentials: Credentials): Promise<SignedIn> {
    return this.#post("/login", credentials, false);
  }

  guest(name?: string): Promise<SignedIn> {
    return this.#post("/guest", name ? { name } : {}, false);
  }

  async logout(): Promise<void> {
    await this.#post("/logout", {});
  }

  async me(): Promise<Person> {
    const answer = await this.#call<Person | { person: Person }>("GET", "/me");
    return "person" in answer ? answer.person : answer;
  }

  async tokens(): Promise<TokenInfo[]> {
    const answer = await this.#call<TokenInfo[] | { data: TokenInfo[] }>("GET", "/tokens");
    return Array.isArray(answer) ? answer : answer.data;
  }

  async revokeToken(id: number): Promise<void> {
    await this.#call("DELETE", `/tokens/${id}`);
  }

  conversations(filter: ConversationFilter = {}): Promise<Page<Summary>> {
    return this.#call("GET", `/conversations${query({ ...filter })}`);
  }

  async conversation(id: ConversationId): Promise<Summary> {
    const answer = await this.#call<Summary | { conversation: Summary }>("GET", `/conversations/${encodeURIComponent(id)}`);
    return "conversation" in answer ? answer.conversation : answer;
  }

  messages(id: ConversationId, range: { before?: number; after?: number; limit?: number } = {}): Promise<EventPage> {
    return this.#call("GET", `/conversations/${encodeURIComponent(id)}/messages${query(range)}`);
  }

  claim(id: ConversationId, options: { takeOver?: boolean } = {}): Promise<unknown> {
    return this.#act(id, "claim", { take_over: options.takeOver ?? false });
  }

  release(id: ConversationId): Promise<unknown> {
    return this.#act(id, "release", {});
  }

  resolve(id: ConversationId): Promise<unknown> {
    return this.#act(id, "resolve", {});
  }

  reopen(id: ConversationId): Promise<unknown> {
    return this.#act(id, "reopen", {});
  }

  transfer(id: ConversationId, to: PersonId): Promise<unknown> {
    return this.#act(id, "transfer", { to });
  }

  #act(id: ConversationId, action: string, body: object): Promise<unknown> {
    return this.#post(`/conversations/${encodeURIComponent(id)}/${action}`, body);
  }

  #post<T>(path: string, body: object, authenticated = true): Promise<T> {
    return this.#call("POST", path, body, authenticated);
  }

  async #call<T>(method: string, path: string, body?: object, authenticated = true): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    const token = authenticated ? this.#token() : null;
    if (token) headers["Authorization"] = `Bearer ${token}`;
    if (body) headers["Content-Type"] = "application/json";
    let response: Response;
    try {
      response = await this.#fetch(`${this.#base}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    } catch {
      throw new ProblemError(0, "network", "The server could not be reached.");
    }
    const text = await response.text();
    const content = parse(text);
    if (!response.ok) throw problem(response, content);
    return content as T;
  }
}

function query(values: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text ? `?${text}` : "";
}

function parse(text: string): unknown {
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problem(response: Response, content: unknown): ProblemError {
  const body = (content ?? {}) as { code?: ErrorCode; detail?: string; title?: string; errors?: Record<string, string[]>; request_id?: string };
  const seconds = Number(response.headers.get("Retry-After"));
  return new ProblemError(
    response.status,
    body.code ?? "internal",
    body.detail ?? body.title ?? `The server answered ${response.status}.`,
    body.errors ?? {},
    body.request_id ?? null,
    Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null,
  );
}
