import type { Retention } from "./retention.ts";
import type { StoredMessage } from "./stored_message.ts";
import type { Topic } from "./topic.ts";

/** Replies that may come after a look-up before the index is given up. */
const KEPT_FOR = 10_000;

/**
 * Finds kept replies by key. Only takeovers look, so there is no index until somebody does, and none any more a while
 * after: calls do not pay for it.
 */
export class StoredReplies {
  readonly #topic: Topic;
  readonly #retention: Retention;
  #index: Map<string, StoredMessage> | undefined;
  #sinceLook = 0;

  /**
   * @param topic what replies are stored in
   * @param retention what keeps them
   */
  constructor(topic: Topic, retention: Retention) {
    this.#topic = topic;
    this.#retention = retention;
  }

  /** The newest reply with that key, as long as it is kept. */
  find(key: string): StoredMessage | undefined {
    this.#sinceLook = 0;
    this.#index ??= this.#all();
    return this.#index.get(key);
  }

  /** A reply was stored. */
  added(stored: StoredMessage): void {
    if (this.#index === undefined) return;
    if (++this.#sinceLook > KEPT_FOR) this.#index = undefined;
    else this.#enter(stored, this.#index);
  }

  /** A message, perhaps a reply, is no longer kept. */
  dropped(stored: StoredMessage): void {
    if (this.#index === undefined || stored.message.topic !== this.#topic.name) return;
    for (const key of stored.message.keys) {
      if (this.#index.get(key) === stored) this.#index.delete(key);
    }
  }

  #all(): Map<string, StoredMessage> {
    const index = new Map<string, StoredMessage>();
    for (const queue of this.#topic.queues) {
      for (const stored of this.#topic.messages(queue, this.#retention)) this.#enter(stored, index);
    }
    return index;
  }

  #enter(stored: StoredMessage, index: Map<string, StoredMessage>): void {
    for (const key of stored.message.keys) index.set(key, stored);
  }
}
