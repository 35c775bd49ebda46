/** One queue of a topic, on one broker. RocketMQ: MessageQueue. */
export interface QueueId {
  /** The topic. */
  readonly topic: string;
  /** Name of the broker that has it. */
  readonly brokerName: string;
  /** Its number on this broker, from 0. */
  readonly queueId: number;
}

/**
 * Writes an offset as an ext field.
 *
 * @throws RangeError unless it is an integer from 0 to 2^53 - 1
 */
export function offsetField(offset: number): string {
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new RangeError(`Cannot use ${offset} as an offset: it is an integer from 0 to 2^53 - 1`);
  }
  return String(offset);
}
