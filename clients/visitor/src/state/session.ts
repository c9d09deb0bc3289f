import { type ConnectionState, OtvetClient, type Person, RestClient, type SignedIn, type Store } from "@otvet/sdk";
import { isOwn } from "../thread/own.js";
import { deviceName } from "./device.js";
import { readLocal, writeLocal } from "./local.js";
import { Observable } from "./observable.js";

/** Milliseconds that a guest's last messages get to leave before the guest becomes an account. */
const FLUSH_PATIENCE = 3000;
/** Milliseconds that "is typing" stays without being renewed. */
const TYPING_LASTS = 4000;

/** Who is signed in on this device, and the client that serves them. */
export class Session extends Observable {
  readonly rest: RestClient;
  readonly client: OtvetClient;
  readonly device = deviceName(navigator.userAgent);
  /** The token went bad while in use, so the person should be told why they are asked to sign in. */
  expired = false;
  readonly #store: Store;
  readonly #typing = new Map<string, { person: Person; until: number }>();
  #token: string | null;

  constructor(origin: string, store: Store) {
    super();
    this.#store = store;
    this.#token = readLocal("token");
    const token = () => this.#token;
    this.rest = new RestClient({ baseUrl: origin, token });
    this.client = new OtvetClient({ url: `${origin.replace(/^http/, "ws")}/ws`, token, device: this.device, store });
    this.client.on("state", (state) => this.#stateChanged(state));
    this.client.on("conversations", () => this.changed());
    this.client.on("queue", () => this.changed());
    this.client.on("signal", ({ kind, conversation, person }) => {
      if (kind === "typing" && person.id !== this.person?.id) this.#showTyping(conversation, person);
    });
    this.client.on("event", (event) => {
      if (event.kind !== "message" || isOwn(event.author, this.person)) return;
      const conversation = event.stream.slice(event.stream.indexOf("/") + 1);
      this.#typing.delete(conversation);
      void this.client.delivered(conversation, event.seq).catch(() => undefined);
    });
  }

  async start(): Promise<void> {
    if (this.#token !== null) await this.client.start();
  }

  stop(): void {
    this.client.stop();
  }

  get signedIn(): boolean {
    return this.#token !== null;
  }

  /** The public number of this device's token. */
  get tokenId(): string | null {
    return this.#token?.split("|")[0] ?? null;
  }

  get person(): Person | null {
    return this.client.person;
  }

  get isGuest(): boolean {
    return this.person?.id.startsWith("g") ?? false;
  }

  get state(): ConnectionState {
    return this.client.state;
  }

  get unread(): number {
    return this.client.conversations().reduce((sum, conversation) => sum + conversation.unread, 0);
  }

  /** Who is writing in a conversation at this moment. */
  typing(conversation: string): Person | null {
    const typing = this.#typing.get(conversation);
    return typing && typing.until > Date.now() ? typing.person : null;
  }

  async guest(name: string): Promise<void> {
    await this.#enter(await this.rest.guest(name.trim() || undefined));
  }

  async login(email: string, password: string): Promise<void> {
    const guest = await this.#guestToken();
    await this.#enter(await this.rest.login({ email, password, device_name: this.device, ...guest }));
  }

  async register(name: string, email: string, password: string): Promise<void> {
    const guest = await this.#guestToken();
    await this.#enter(await this.rest.register({ name, email, password, ...guest }));
  }

  /** Signs this device out. Without a network the token is forgotten here all the same. */
  async logout(): Promise<void> {
    await this.rest.logout().catch(() => undefined);
    await this.#leave();
  }

  async #enter({ token, person }: SignedIn): Promise<void> {
    const before = this.person;
    if (this.#token !== null) await this.#leave();
    if (before) await this.#store.adoptQueue(before.id, person.id);
    this.#token = token;
    this.expired = false;
    writeLocal("token", token);
    await this.#store.saveSession({ tokenId: token.split("|")[0] ?? "", person, positions: {}, conversations: [] });
    await this.client.start();
    this.changed();
  }

  async #leave(): Promise<void> {
    const { tokenId } = this;
    this.client.stop();
    this.#token = null;
    writeLocal("token", null);
    if (tokenId) await this.#store.forget(tokenId);
    this.changed();
  }

  /** A guest's conversations become the account's. What is still on its way gets a moment to arrive under its own name. */
  async #guestToken(): Promise<{ guest_token?: string }> {
    if (!this.#token || !this.isGuest) return {};
    const sending = () => this.client.queue().some((item) => item.state !== "refused");
    if (sending() && this.state === "online") {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, FLUSH_PATIENCE);
        const stop = this.client.on("queue", () => {
          if (sending()) return;
          clearTimeout(timer);
          stop();
          resolve();
        });
      });
    }
    return { guest_token: this.#token };
  }

  #stateChanged(state: ConnectionState): void {
    if (state === "signed_out" && this.#token !== null) {
      this.expired = true;
      void this.#leave();
    }
    this.changed();
  }

  #showTyping(conversation: string, person: Person): void {
    this.#typing.set(conversation, { person, until: Date.now() + TYPING_LASTS });
    setTimeout(() => this.changed(), TYPING_LASTS + 50);
    this.changed();
  }
}
