import { crc32 } from "node:zlib";

/** A queue as a plan sees it. */
interface Numbered {
  readonly id: number;
}

/** The class topic of a contract: `bank.Payments` → `bank-Payments`. Names hold no `-`, so none collide. */
export function topicOf(contract: string): string {
  return contract.replaceAll(".", "-");
}

/** The one consumer group of a contract's class topic, shared by every system that serves it. */
export function groupOf(contract: string): string {
  return `rpc-${topicOf(contract)}`;
}

/** Where a contract's requests end that will not be run again. */
export function deadLetterTopicOf(contract: string): string {
  return `%DLQ%${groupOf(contract)}`;
}

/** The slot of the method declared at `index`. */
export function slotOf(index: number, slots: number): number {
  return index % slots;
}

/** The queues of one slot, in the order given: those whose id falls on it. */
export function queuesOfSlot<Q extends Numbered>(queues: readonly Q[], slot: number, slots: number): Q[] {
  return queues.filter((queue) => queue.id % slots === slot);
}

/**
 * The one queue of a key: `crc32(utf8(key)) mod n` over all declared queues of its slot, sorted by broker and id,
 * those of brokers that are down included, or a key would have two orders.
 */
export function queueOfKey<Q>(queues: readonly Q[], key: string): Q | undefined {
  return queues.length === 0 ? undefined : queues[crc32(key) % queues.length];
}
