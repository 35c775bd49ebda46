/**
 * Divides queues among the members of a group as RocketMQ's `AllocateMessageQueueAveragely` does: every member
 * sorts both lists alike, so all agree without talking.
 *
 * @param queues in the order that all members use
 * @param members ids; sorted here by code unit
 * @param self the member that asks
 * @returns its queues; none when it is not among the members
 */
export function allocateAveragely<Q>(queues: readonly Q[], members: readonly string[], self: string): Q[] {
  const sorted = [...new Set(members)].sort();
  const index = sorted.indexOf(self);
  if (index < 0) return [];
  const rest = queues.length % sorted.length;
  const share = Math.floor(queues.length / sorted.length);
  const size = index < rest ? share + 1 : share;
  const start = index < rest ? index * size : index * share + rest;
  return queues.slice(start, start + size);
}
