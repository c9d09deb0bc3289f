import { MemoryStore } from "./memory_store.js";
import type { Store, StoredSession, StoredThread } from "./store.js";
import type { ConversationId, PersonId, QueuedItem } from "./types.js";

const VERSION = 1;

/** The store of browsers: survives a reload, is shared by the tabs of an origin. */
export class IndexedDbStore implements Store {
  readonly #name: string;
  readonly #factory: IDBFactory;
  #database: Promise<IDBDatabase> | null = null;

  constructor(name = "otvet", factory: IDBFactory = indexedDB) {
    this.#name = name;
    this.#factory = factory;
  }

  /** Opens the database, so that a browser which denies it says so here. */
  async prepare(): Promise<this> {
    await this.#open();
    return this;
  }

  async session(tokenId: string): Promise<StoredSession | null> {
    return (await this.#run("sessions", "readonly", (store) => store.get(tokenId) as IDBRequest<StoredSession | undefined>)) ?? null;
  }

  async saveSession(session: StoredSession): Promise<void> {
    await this.#run("sessions", "readwrite", (store) => store.put(session));
  }

  async threads(owner: PersonId): Promise<StoredThread[]> {
    const all = await this.#run("threads", "readonly", (store) => store.index("owner").getAll(owner) as IDBRequest<StoredThread[]>);
    return all.sort((a, b) => b.openedAt - a.openedAt);
  }

  async saveThread(owner: PersonId, thread: StoredThread): Promise<void> {
    await this.#run("threads", "readwrite", (store) => store.put({ ...thread, owner }));
  }

  async dropThread(owner: PersonId, id: ConversationId): Promise<void> {
    await this.#run("threads", "readwrite", (store) => store.delete([owner, id]));
  }

  async queue(owner: PersonId): Promise<QueuedItem[]> {
    const all = await this.#run("queue", "readonly", (store) => store.index("owner").getAll(owner) as IDBRequest<QueuedItem[]>);
    return all.sort((a, b) => a.order - b.order);
  }

  async put(item: QueuedItem): Promise<void> {
    await this.#run("queue", "readwrite", (store) => store.put(item));
  }

  async remove(key: string): Promise<void> {
    await this.#run("queue", "readwrite", (store) => store.delete(key));
  }

  async adoptQueue(from: PersonId, to: PersonId): Promise<void> {
    await this.#each("queue", from, (cursor) => cursor.update({ ...(cursor.value as QueuedItem), owner: to }));
  }

  async forget(tokenId: string): Promise<void> {
    const session = await this.session(tokenId);
    await this.#run("sessions", "readwrite", (store) => store.delete(tokenId));
    if (session) await this.#each("threads", session.person.id, (cursor) => cursor.delete());
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= new Promise((resolve, reject) => {
      const request = this.#factory.open(this.#name, VERSION);
      request.onupgradeneeded = () => {
        const database = request.result;
        database.createObjectStore("sessions", { keyPath: "tokenId" });
        database.createObjectStore("threads", { keyPath: ["owner", "id"] }).createIndex("owner", "owner");
        database.createObjectStore("queue", { keyPath: "key" }).createIndex("owner", "owner");
      };
      request.onsuccess = () => {
        // A newer page in another tab may want to upgrade: let it, and reopen on the next use.
        request.result.onversionchange = () => this.#close(request.result);
        request.result.onclose = () => (this.#database = null);
        resolve(request.result);
      };
      request.onerror = () => {
        this.#database = null;
        reject(failure(request.error));
      };
    });
    return this.#database;
  }

  #close(database: IDBDatabase): void {
    database.close();
    this.#database = null;
  }

  /** Resolves when the transaction has completed, so that what was put is there after a crash of the page. */
  async #run<T>(name: string, mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const database = await this.#open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(name, mode);
      const request = ask(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(failure(transaction.error));
      transaction.onerror = () => reject(failure(transaction.error));
    });
  }

  async #each(name: string, owner: PersonId, change: (cursor: IDBCursorWithValue) => void): Promise<void> {
    const database = await this.#open();
    await new Promise<void>((resolve, reject) => {
      const transaction = database.transaction(name, "readwrite");
      const request = transaction.objectStore(name).index("owner").openCursor(owner);
      request.onsuccess = () => {
        if (!request.result) return;
        change(request.result);
        request.result.continue();
      };
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(failure(transaction.error));
    });
  }
}

/** A transaction that was aborted by its page has no error of its own. */
function failure(error: DOMException | null): DOMException {
  return error ?? new DOMException("the browser's database gave up", "AbortError");
}

/** The lasting store, or, in a private window that has none, one that lasts as long as the page. */
export async function browserStore(name?: string): Promise<Store> {
  try {
    return await new IndexedDbStore(name).prepare();
  } catch {
    return new MemoryStore();
  }
}
