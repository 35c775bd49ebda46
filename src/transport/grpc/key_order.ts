import type { GrpcDelivery } from "./delivery.ts";

/**
 * Messages with a message group that were received together: brokers hand out several of a group at once, and nothing
 * more of their queue before all are settled. One at a time is this instance's to keep.
 */
export class KeyOrder {
  /** By message group, the one that is delivered first. */
  readonly #lines = new Map<string, GrpcDelivery[]>();

  /** @returns whether it may be delivered now */
  add(delivery: GrpcDelivery): boolean {
    const group = groupOf(delivery);
    const line = this.#lines.get(group);
    // What is not current any more is on its way again: what comes now begins anew.
    if (line?.[0]?.current) {
      line.push(delivery);
      return false;
    }
    this.#lines.set(group, [delivery]);
    return true;
  }

  /** The first of a line is settled: the next one, if there is one. */
  settled(delivery: GrpcDelivery): GrpcDelivery | undefined {
    const group = groupOf(delivery);
    const line = this.#lines.get(group);
    if (line?.[0] !== delivery) return undefined;
    line.shift();
    const [next] = line;
    if (next === undefined) this.#lines.delete(group);
    return next;
  }

  /** Puts another delivery of the same message in the place of the first of its line. */
  replace(delivery: GrpcDelivery, by: GrpcDelivery): void {
    const line = this.#lines.get(groupOf(delivery));
    if (line?.[0] === delivery) line[0] = by;
  }

  /** A message comes again, and what is behind it with it: takes its line out, if it is the first of one. */
  drop(delivery: GrpcDelivery): readonly GrpcDelivery[] {
    const group = groupOf(delivery);
    const line = this.#lines.get(group);
    if (line?.[0] !== delivery) return [];
    this.#lines.delete(group);
    return line;
  }
}

function groupOf({ message }: GrpcDelivery): string {
  return message.messageGroup ?? "";
}
