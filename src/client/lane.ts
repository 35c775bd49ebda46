import type { QueueRef } from "../transport/transport.ts";
import { PACK_BYTES } from "./defaults.ts";
import type { Outgoing } from "./outgoing.ts";

/** A request with a key. */
export interface KeyedOutgoing extends Outgoing {
  readonly key: string;
  /** The slot of its method. */
  readonly slot: number;
  /** Into how many slots the contract divides its queues; an entity has one. */
  readonly slots: number;
  /** The queue that it belongs to, because it may be there already; else its key decides. */
  readonly queue: QueueRef | undefined;
  /** The number of the queue plan by which it was sent last. */
  readonly plan: number;
  /** Whether it waits to be sent again: until then, nothing of its key goes. */
  readonly paused: boolean;
}

/** The requests with keys to one queue, in order. */
export interface Lane {
  readonly queue: QueueRef;
  waiting: KeyedOutgoing[];
  sending: boolean;
}

/** Which keys are held back by a request that is to be sent again, or by one that was passed over. */
export class Held {
  #keys: Set<string> | undefined;

  /** Whether a request must stay where it is; asked in order. */
  holds(outgoing: KeyedOutgoing): boolean {
    if (outgoing.paused) this.add(outgoing);
    return this.#keys?.has(outgoing.key) ?? false;
  }

  add({ key }: KeyedOutgoing): void {
    this.#keys ??= new Set();
    this.#keys.add(key);
  }
}

/**
 * Takes out of a lane what can go as one message: the first request that nothing holds back, and others like it.
 * Nothing overtakes a request of its own key; those whose calls are over are dropped.
 *
 * @param limit how many at most
 * @param oneKey whether all of them must have one key
 */
export function takeBatch(lane: Lane, limit: number, oneKey = false): KeyedOutgoing[] {
  const batch: KeyedOutgoing[] = [];
  const passed: KeyedOutgoing[] = [];
  const held = new Held();
  let first: KeyedOutgoing | undefined;
  let bytes = 0;
  let seen = 0;
  for (const outgoing of lane.waiting) {
    if (batch.length === limit || bytes >= PACK_BYTES) break;
    seen++;
    if (!outgoing.live) continue;
    const size = outgoing.request.body?.length ?? 0;
    const fits = first === undefined ||
      (goTogether(outgoing, first) && bytes + size <= PACK_BYTES && !(oneKey && outgoing.key !== first.key));
    if (held.holds(outgoing) || !fits) {
      held.add(outgoing);
      passed.push(outgoing);
      continue;
    }
    first ??= outgoing;
    bytes += size;
    batch.push(outgoing);
  }
  lane.waiting.splice(0, seen, ...passed);
  return batch;
}

/**
 * Whether one message can carry both: streams go alone, its tag is their method, and what it states once holds for both. Contracts of
 * one name may differ in codec and kind, such as one that is known by its name alone.
 */
function goTogether(one: Outgoing, other: Outgoing): boolean {
  return one.method === other.method && one.request.kind === other.request.kind &&
    one.request.type === other.request.type && one.request.credit === undefined &&
    other.request.credit === undefined;
}
