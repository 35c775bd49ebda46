import { SHELF_BYTES, SHELVED_BODY_BYTES } from "./defaults.ts";

/**
 * Keeps copies of small bodies side by side, because a buffer for each costs more than the copy. What stands on one shelf is
 * let go only together: meant for bodies that are let go in about the order in which they came, such as those of a queue
 * that is settled from its beginning, or those on their way to receivers, who decode them at once. What is kept and what
 * is handed out never stand on one shelf.
 */
export class BodyShelf {
  #bytes = new Uint8Array(0);
  #used = 0;

  /** A copy of a body. */
  put(body: Uint8Array): Uint8Array {
    if (body.length > SHELVED_BODY_BYTES) return body.slice();
    if (this.#used + body.length > this.#bytes.length) {
      this.#bytes = new Uint8Array(SHELF_BYTES);
      this.#used = 0;
    }
    const end = this.#used + body.length;
    const kept = this.#bytes.subarray(this.#used, end);
    this.#used = end;
    kept.set(body);
    return kept;
  }
}
