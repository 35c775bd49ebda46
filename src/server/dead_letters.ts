import type { Clock } from "../async/clock.ts";
import type { Random } from "../async/random.ts";
import { travelling } from "../envelope/body.ts";
import { MAX_ERROR_TEXT_BYTES } from "../call/defaults.ts";
import { cutText, escapeHeader, HEADER } from "../envelope/headers.ts";
import { type Request, requestHeaders } from "../envelope/request.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import { originOf } from "./origin.ts";
import type { Delivery, Transport } from "../transport/transport.ts";
import { isUnsendable, UntilStored } from "./until_stored.ts";

/** A request that will not be run again, or a message that is no request. */
export interface DeadLetter {
  readonly id: string;
  readonly tag: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array | undefined;
  readonly delivery: Delivery;
}

const log = logger("callee");

/** The dead letter of a request: its message as it was, alone where it came in a pack. */
export function letterOf(
  { request, method, delivery }: { request: Request; method: string; delivery: Delivery },
): DeadLetter {
  return { id: request.id, tag: method, headers: requestHeaders(request), body: request.body, delivery };
}

/** Stores the requests of one contract that will not be run again, with the reason. */
export class DeadLetters {
  readonly #transport: Transport;
  readonly #topic: string;
  readonly #sends: UntilStored;
  #stored = 0;

  constructor(transport: Transport, clock: Clock, random: Random, topic: string) {
    this.#transport = transport;
    this.#topic = topic;
    this.#sends = new UntilStored(clock, random);
  }

  /** Dead letters stored. */
  get stored(): number {
    return this.#stored;
  }

  /**
   * Stores one request. Tries until it is stored, `wanted` says no or this is closed; resolves to whether it is
   * stored.
   *
   * @param reason why it is here: text for operators
   * @param wanted whether the request is still this instance's to settle
   */
  async store(letter: DeadLetter, reason: string, wanted: () => boolean): Promise<boolean> {
    log.warn(EVENTS.callee.deadLetter, { callId: letter.id, method: letter.tag, reason });
    const stored = await this.#sends.try(() => this.#send(letter, reason), wanted, (error) => {
      log.error(EVENTS.callee.deadLetterFailed, { callId: letter.id, error });
    });
    if (stored) this.#stored++;
    return stored;
  }

  /** Stops trying. What is not stored is not settled: it comes again elsewhere. */
  close(): void {
    this.#sends.close();
  }

  async #send({ id, tag, headers, body, delivery }: DeadLetter, reason: string): Promise<void> {
    const queues = await this.#transport.queues(this.#topic);
    const queue = queues.find((candidate) => candidate.broker === delivery.queue.broker) ?? queues[0];
    if (queue === undefined) throw new TypeError(`Topic "${this.#topic}" has no queue`);
    const marks: [string, string][] = [
      [HEADER.dead, escapeHeader(cutText(reason, MAX_ERROR_TEXT_BYTES))],
      [HEADER.origin, originOf(delivery)],
    ];
    const letter = { topic: this.#topic, tag, keys: [id], body: travelling(body) };
    try {
      await this.#transport.send({ ...letter, headers: new Map([...headers, ...marks]) }, { queue });
    } catch (error) {
      if (!isUnsendable(error)) throw error;
      // With its marks it is more than a message can carry. What it was is found at its origin, for as long as that is kept.
      log.warn(EVENTS.callee.deadLetterCut, { callId: id, error });
      await this.#transport.send({ ...letter, headers: new Map(marks) }, { queue });
    }
  }
}
