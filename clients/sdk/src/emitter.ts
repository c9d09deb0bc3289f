/** Typed listeners. A listener that throws does not keep the others from hearing. */
export class Emitter<Events extends object> {
  readonly #handlers = new Map<keyof Events, Set<(value: never) => void>>();

  on<K extends keyof Events>(event: K, handler: (value: Events[K]) => void): () => void {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers);
    handlers.add(handler);
    return () => handlers.delete(handler);
  }

  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const handler of [...(this.#handlers.get(event) ?? [])]) {
      try {
        (handler as (value: Events[K]) => void)(value);
      } catch (error) {
        reportError(error);
      }
    }
  }
}

/** Shows the fault where faults of the page are shown, without stopping what is under way. */
function reportError(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
