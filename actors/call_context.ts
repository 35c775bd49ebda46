import type { Clock } from "../src/async/clock.ts";
import type { HandlerContext } from "../src/call/handler.ts";
import type { InboundCall } from "../src/call/inbound.ts";

/** What a handler sees of its call. */
export class CallContext implements HandlerContext {
  readonly #call: InboundCall;
  readonly #clock: Clock;
  readonly attempt: number;

  constructor(call: InboundCall, clock: Clock, attempt: number) {
    this.#call = call;
    this.#clock = clock;
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }
  get deadline(): number {
    return this.#call.deadlineMs;
  }
  remainingMs(): number {
    return Math.max(0, this.#call.deadlineMs - this.#clock.now());
  }
  get callId(): string {
    return this.#call.id;
  }
  get idempotencyKey(): string {
    return this.#call.idempotencyKey;
  }
  get headers(): ReadonlyMap<string, string> {
    return this.#call.headers;
  }
  get caller(): string | undefined {
    return this.#call.caller;
  }
}
