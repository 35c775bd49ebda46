import { readDirect } from "../envelope/direct.ts";
import type { QueueRef } from "../transport/transport.ts";
import { KNOWN_OWNERS } from "./defaults.ts";

/** Longer than any transport's; what is remembered must not be of any length. */
const MAX_ADDRESS = 512;

/**
 * Who owns which queue, as replies have told: control for a running call goes straight to its owner. Only ever a
 * guess, since queues move; bounded, and forgotten altogether when it is full.
 */
export class Owners {
  readonly #addresses = new Map<string, string>();
  /** What replies have told and still holds: most say what others have said. */
  readonly #told = new Set<string>();

  /** Notes what a reply tells about who sent it; what cannot be read tells nothing. */
  learnFrom(direct: string): void {
    if (this.#told.has(direct)) return;
    const responder = readDirect(direct);
    if (responder === undefined || responder.address.length > MAX_ADDRESS) return;
    this.learn(responder, responder.address);
    if (this.#told.size < KNOWN_OWNERS && direct.length <= 2 * MAX_ADDRESS) this.#told.add(direct);
  }

  /** Notes the direct address of a queue's owner. */
  learn({ topic, broker, id }: QueueRef, address: string): void {
    if (address.length > MAX_ADDRESS) return;
    const queue = `${topic}/${broker}/${id}`;
    const known = this.#addresses.get(queue);
    if (known === address) return;
    if (known === undefined && this.#addresses.size >= KNOWN_OWNERS) this.#addresses.clear();
    this.#addresses.set(queue, address);
    this.#told.clear();
  }

  /** Where the owner of the queue was last, or `undefined`. */
  of({ topic, broker, id }: QueueRef): string | undefined {
    return this.#addresses.get(`${topic}/${broker}/${id}`);
  }
}
