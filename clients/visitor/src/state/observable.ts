import { useEffect, useReducer } from "preact/hooks";

/** Something that tells when it has changed. */
export class Observable {
  readonly #listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Renders again whenever one of them has changed. */
export function useChanges(...sources: { subscribe(listener: () => void): () => void }[]): void {
  const [, render] = useReducer((count: number, _: null) => count + 1, 0);
  useEffect(() => {
    const stops = sources.map((source) => source.subscribe(() => render(null)));
    // What changed between the render and this subscription would be missed otherwise.
    render(null);
    return () => stops.forEach((stop) => stop());
  }, sources);
}
