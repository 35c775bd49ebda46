/** A signal that never aborts, as one that a whole program has, and how many listen to it. */
export class CountedSignal {
  readonly signal: AbortSignal = new AbortController().signal;
  readonly #listeners = new Map<unknown, number>();

  constructor() {
    const { signal } = this;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      this.#count(args[1], 1);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      this.#count(args[1], -1);
      remove(...args);
    };
  }

  /** Listeners that were added and not removed. */
  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, count) => sum + count, 0);
  }

  #count(listener: unknown, change: 1 | -1): void {
    const count = (this.#listeners.get(listener) ?? 0) + change;
    // Removing what was never added does nothing.
    if (count <= 0) this.#listeners.delete(listener);
    else this.#listeners.set(listener, count);
  }
}
