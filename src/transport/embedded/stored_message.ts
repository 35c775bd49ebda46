import type { Linked } from "../../collections/linked_list.ts";
import type { KeptMessage } from "./message_copy.ts";
import type { StoredQueue } from "./stored_queue.ts";

/**
 * A message as the embedded broker keeps it: a copy of its own, shared with nobody. It stands in its queue until it is
 * settled, then in what retention keeps.
 */
export class StoredMessage implements Linked<StoredMessage> {
  readonly queue: StoredQueue;
  readonly offset: number;
  readonly storedAtMs: number;
  /** What it counts for in retention. */
  readonly bytes: number;
  message: KeptMessage;
  /** Groups that have not settled it. */
  open: number;
  /** Its row in the broker's file, if there is one. */
  readonly row: number;
  /** Where messages are settled by themselves: how often it was delivered before its broker was, and altogether. */
  inherited = 0;
  starts = 0;
  /** When the last group settled it, by the broker's monotonic clock. */
  settledAtMs = 0;
  previous: StoredMessage | undefined = undefined;
  next: StoredMessage | undefined = undefined;

  constructor(
    message: KeptMessage,
    queue: StoredQueue,
    storedAtMs: number,
    bytes: number,
    open: number,
    row = 0,
  ) {
    this.message = message;
    this.queue = queue;
    this.offset = queue.end;
    this.storedAtMs = storedAtMs;
    this.bytes = bytes;
    this.open = open;
    this.row = row;
  }

  /** Makes its body unreadable. */
  damage(reason: string): void {
    this.message = { ...this.message, body: new Uint8Array(1), damaged: reason };
  }
}
