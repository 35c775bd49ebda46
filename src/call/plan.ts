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
 * The queue of a key: CRC-32 of its UTF-8, modulo their number.
 *
 * @param queues all declared queues of the method's slot, of an entity all of the topic; sorted by broker and id, as
 * transports give them, those of brokers that are down included
 * @param key a key that `checkKey` let through
 * @returns `undefined` where there is no queue
 */
export function queueOfKey<Q>(queues: readonly Q[], key: string): Q | undefined {
  return queues.length === 0 ? undefined : queues[crc32(key) % queues.length];
}
