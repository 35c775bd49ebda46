import type { Clock } from "../async/clock.ts";
import type { Random } from "../async/random.ts";
import type { ObservedService } from "../call/observer.ts";
import { travelling } from "../envelope/body.ts";
import { HEADER } from "../envelope/headers.ts";
import { type Request, requestHeaders } from "../envelope/request.ts";
import type { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Delivery, Message, Transport } from "../transport/transport.ts";
import { isUnsendable, UntilStored } from "./until_stored.ts";

/** What a call is sent again with. */
export interface SentAgain {
  readonly request: Request;
  readonly method: string;
  /** Where it came from, and goes to. */
  readonly delivery: Delivery;
  /** By this machine's clock, epoch milliseconds. */
  readonly deadlineMs: number;
}

/** How it is sent again. */
export interface Resend {
  /** The attempt that the copy is for, from 1. */
  readonly attempt: number;
  /** Whether that attempt has been started here: then the copy stands for the call that runs. */
  readonly started: boolean;
  /** How long the copy is held back, in milliseconds. */
  readonly delayMs: number;
}

/** What became of a call that was to be stored again; the error says why no broker takes it. */
export type Resent = "stored" | "given up" | RpcError;

const log = logger("callee");

/**
 * Stores requests in their queue again, as messages of their own: later attempts, calls that hold a queue up, calls
 * whose pack is let go. Id, headers and body stay; the time that is left travels.
 */
export class Resends {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #sends: UntilStored;

  constructor(transport: Transport, clock: Clock, random: Random) {
    this.#transport = transport;
    this.#clock = clock;
    this.#sends = new UntilStored(clock, random);
  }

  /**
   * Stores a call again. Tries until it is stored, is refused for itself, `wanted` says no or this is closed; never
   * rejects. A try whose fate is unknown may leave one more copy: it is a duplicate then. What is refused came in a
   * pack, as a rule: its headers are more than a message of its own can carry.
   *
   * @param wanted whether the call is still this instance's to settle
   */
  async store(call: SentAgain, how: Resend, wanted: () => boolean): Promise<Resent> {
    const { delivery: { queue }, request: { id } } = call;
    const { delayMs } = how;
    let refused: RpcError | undefined;
    const failed = (error: unknown) => log.warn(EVENTS.callee.sendAgainFailed, { callId: id, error });
    const send = async () => {
      try {
        const copy = copyOf(call, how, this.#clock.now());
        await this.#transport.send(copy, delayMs > 0 ? { queue, delayMs } : { queue });
      } catch (error) {
        if (!isUnsendable(error)) throw error;
        failed(error);
        refused = error;
      }
    };
    const over = await this.#sends.try(send, wanted, failed);
    return refused ?? (over ? "stored" : "given up");
  }

  /** Stops trying. What is not stored is not settled: it comes again elsewhere. */
  close(): void {
    this.#sends.close();
  }
}

/** What is stored again of a call: where somebody follows it, with the attempt that the next one comes after. */
export function sentAgain(
  { facts, observed }: { readonly facts: SentAgain; readonly observed: ObservedService | undefined },
): SentAgain {
  const earlier = observed?.trace?.traceparent;
  const { request } = facts;
  if (earlier === undefined || request.trace === undefined) return facts;
  return { ...facts, request: { ...request, trace: { ...request.trace, earlier } } };
}

/** The message of a call that is sent again. */
export function copyOf(
  { request, method, delivery, deadlineMs }: SentAgain,
  how: Resend,
  nowMs: number,
): Message {
  const { attempt, started, delayMs } = how;
  // Store time and timeout make the deadline, and a copy is stored when its delay is over.
  const timeoutMs = deadlineMs === Infinity ? Infinity : Math.max(1, deadlineMs - nowMs - delayMs);
  const { message } = delivery;
  // What this version does not know travels on; of a pack, what all its calls share.
  const headers = new Map(message.headers);
  for (const name of [HEADER.attempt, HEADER.started, HEADER.deadline, HEADER.timeout]) headers.delete(name);
  for (const [name, value] of requestHeaders({ ...request, attempt, started, timeoutMs })) {
    headers.set(name, value);
  }
  const { topic, messageGroup } = message;
  return { topic, tag: method, keys: [request.id], headers, body: travelling(request.body), messageGroup };
}
