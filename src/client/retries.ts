import { Backoff } from "../async/backoff.ts";
import type { Clock } from "../async/clock.ts";
import type { Random } from "../async/random.ts";
import type { TimerWheel } from "../async/timer_wheel.ts";
import { ATTEMPTS } from "../call/defaults.ts";
import type { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { QueueRef } from "../transport/transport.ts";
import { RESEND_PAUSE_MS } from "./defaults.ts";
import type { OutboundCall } from "./outbound_call.ts";
import { mayHaveMoved, mayTryAgain, type Retry } from "./retry.ts";

/** What calls are made again with. */
export interface RetryParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
}

const log = logger("caller");

/**
 * Makes calls again: what certainly did not run, or may run twice, as long as its caller waits. Each try that may
 * have been stored spends one of the request's attempts, since each of them may run.
 */
export class Retries {
  readonly #parts: RetryParts;
  readonly #resend: (outbound: OutboundCall) => void;
  #closed = false;

  /** @param resend sends a call that has become its next try */
  constructor(parts: RetryParts, resend: (outbound: OutboundCall) => void) {
    this.#parts = parts;
    this.#resend = resend;
  }

  /** From now on failures are final. */
  close(): void {
    this.#closed = true;
  }

  /**
   * A try failed: whether the call is made again, after a pause.
   *
   * @param answered whether its callee said so; else its send failed
   */
  again(outbound: OutboundCall, error: RpcError, answered: boolean): boolean {
    const { keyed, route: { shared }, queue } = outbound;
    const moved = answered && queue !== undefined && keyed && mayHaveMoved(error) &&
      !outbound.retry?.maybeStored;
    if (this.#closed || !(moved || mayTryAgain(error, outbound.call.settings.idempotent))) return false;
    if (outbound.paused) return true;
    // What its callee refused was stored before whatever has been sent since: it would be overtaken.
    if (answered && keyed && !shared.keyed.isLatest(outbound)) return false;
    if (error.outcome === "sent_unknown" && outbound.request.attempt >= ATTEMPTS) return false;
    const retry = outbound.retry ?? this.#first(error);
    if (!moved && !this.#schedule(outbound, retry, error)) return false;
    retry.error = error;
    retry.paused = true;
    retry.maybeStored ||= error.outcome === "sent_unknown";
    outbound.pause(retry);
    if (answered && keyed) shared.keyed.takeBack(outbound);
    if (moved) void this.#follow(outbound, queue, error);
    return true;
  }

  #first(error: RpcError): Retry {
    const backoff = new Backoff({ ...RESEND_PAUSE_MS, random: this.#parts.random });
    return { error, maybeStored: false, paused: false, timer: undefined, backoff };
  }

  /** `false` where there is no time for another pause. */
  #schedule(outbound: OutboundCall, retry: Retry, error: RpcError): boolean {
    const { clock, wheel } = this.#parts;
    const pauseMs = retry.backoff.next();
    if (pauseMs >= outbound.remainingMs(clock.now())) return false;
    retry.timer = wheel.schedule(pauseMs, () => this.#continue(outbound));
    log.debug(EVENTS.caller.again, { callId: outbound.id, pauseMs, error });
    return true;
  }

  /** Its callee may go by another queue plan: the call is made again only if the queue of its key has changed. */
  async #follow(outbound: OutboundCall, queue: QueueRef, error: RpcError): Promise<void> {
    if (await outbound.route.shared.keyed.moved(outbound, queue)) this.#continue(outbound);
    else outbound.fail(error);
  }

  #continue(outbound: OutboundCall): void {
    const nowMs = this.#parts.clock.now();
    // A timer may be late. What is paused at its deadline fails with what made it pause.
    if (!outbound.live || outbound.remainingMs(nowMs) <= 0) return;
    outbound.renew(nowMs);
    this.#resend(outbound);
  }
}
