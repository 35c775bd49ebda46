import type { StoredMessage } from "./stored_message.ts";
import type { StoredQueue } from "./stored_queue.ts";
import type { SharedPartition } from "./shared_partition.ts";
import { MESSAGES_PER_TURN } from "./defaults.ts";
import { Fifo } from "./fifo.ts";
import type { Linked } from "../../collections/linked_list.ts";
import type { Deliverer, Turns } from "./turns.ts";

/** What a group knows of a message from its first delivery until it is settled. */
export class Handout implements Linked<Handout> {
  readonly stored: StoredMessage;
  readonly queue: SharedQueue;
  /** How often it was delivered before. */
  starts: number;
  /** The partition that it was delivered through; `undefined` while it waits to be delivered. */
  holder: SharedPartition | undefined;
  /** When it becomes visible again, by the broker's monotonic clock. */
  dueAt = 0;
  previous: Handout | undefined = undefined;
  next: Handout | undefined = undefined;

  constructor(stored: StoredMessage, queue: SharedQueue) {
    this.stored = stored;
    this.queue = queue;
    this.starts = stored.inherited;
  }
}

/** One queue that all members of a group take messages from: what is to be delivered next, and through whom. */
export class SharedQueue implements Deliverer {
  readonly queue: StoredQueue;
  scheduled = false;
  /** One per member. */
  readonly partitions: SharedPartition[] = [];
  readonly #turns: Turns;
  readonly #handOut: (handout: Handout, partition: SharedPartition) => void;
  /** Visible again, or the next of their message group. */
  readonly #ready = new Fifo<Handout>();
  /** The first message that was never delivered nor passed over. */
  #cursor: StoredMessage | undefined;
  /** By message group with a message on its way: those that wait for it to be settled, once there are any. */
  readonly #blocked = new Map<string, Fifo<StoredMessage> | undefined>();
  #next = 0;

  /**
   * @param queue what it delivers
   * @param turns where it asks for its turn
   * @param handOut delivers one message through one partition
   */
  constructor(
    queue: StoredQueue,
    turns: Turns,
    handOut: (handout: Handout, partition: SharedPartition) => void,
  ) {
    this.queue = queue;
    this.#turns = turns;
    this.#handOut = handOut;
    this.#cursor = queue.unsettled.first;
  }

  /** A message was stored. */
  arrived(stored: StoredMessage): void {
    this.#cursor ??= stored;
    this.wake();
  }

  /** A message is to be delivered again. */
  again(handout: Handout): void {
    this.#ready.push(handout);
    this.wake();
  }

  /** A message is settled: the next one of its message group may go. */
  settled({ message: { messageGroup } }: StoredMessage): void {
    if (messageGroup === undefined) return;
    const next = this.#blocked.get(messageGroup)?.shift();
    if (next === undefined) this.#blocked.delete(messageGroup);
    else this.again(new Handout(next, this));
  }

  /** Asks for a turn, if there is something to deliver and someone who wants it. */
  wake(): void {
    if (this.#cursor === undefined && this.#ready.size === 0) return;
    if (this.partitions.some(({ wanting }) => wanting)) this.#turns.schedule(this);
  }

  deliver(): void {
    for (let count = 0; count < MESSAGES_PER_TURN; count++) {
      const index = this.#nextPartition();
      const partition = this.partitions[index];
      const handout = partition === undefined ? undefined : this.#nextHandout();
      if (partition === undefined || handout === undefined) return;
      this.#next = index + 1;
      this.#handOut(handout, partition);
    }
    this.wake();
  }

  /** Partitions that want something take turns: the index of the next one, -1 where none does. */
  #nextPartition(): number {
    for (let step = 0; step < this.partitions.length; step++) {
      const index = (this.#next + step) % this.partitions.length;
      if (this.partitions[index]?.wanting) return index;
    }
    return -1;
  }

  #nextHandout(): Handout | undefined {
    const again = this.#ready.shift();
    if (again !== undefined) return again;
    for (let stored = this.#cursor; stored !== undefined; stored = this.#cursor) {
      this.#cursor = stored.next;
      if (!this.#isBlocked(stored)) return new Handout(stored, this);
    }
    return undefined;
  }

  /** Whether another message of the same message group is on its way. If not, this one blocks those behind it. */
  #isBlocked(stored: StoredMessage): boolean {
    const { messageGroup } = stored.message;
    if (messageGroup === undefined) return false;
    if (!this.#blocked.has(messageGroup)) {
      this.#blocked.set(messageGroup, undefined);
      return false;
    }
    const waiting = this.#blocked.get(messageGroup) ?? new Fifo();
    this.#blocked.set(messageGroup, waiting);
    waiting.push(stored);
    return true;
  }
}
