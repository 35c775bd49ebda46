import type { QueueRef } from "../transport.ts";
import { BodyShelf } from "./body_shelf.ts";
import { LinkedList } from "../../collections/linked_list.ts";
import type { StoredMessage } from "./stored_message.ts";

/** The name that the embedded broker's queues carry. */
export const EMBEDDED_BROKER = "embedded";

/** One queue of a topic of the embedded broker. */
export class StoredQueue {
  /** Handed out: nobody can change it. */
  readonly ref: QueueRef;
  /** Messages that some group has not settled, in queue order. */
  readonly unsettled: LinkedList<StoredMessage> = new LinkedList();
  /** Where its small bodies go. */
  readonly shelf: BodyShelf = new BodyShelf();
  /** The offset that the next message gets. */
  end = 0;

  constructor(topic: string, id: number) {
    this.ref = Object.freeze({ topic, broker: EMBEDDED_BROKER, id });
  }
}
