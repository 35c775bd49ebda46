import type { Timer } from "../async/clock.ts";
import { within } from "../async/within.ts";
import { checkKey } from "../call/key.ts";
import { type MethodPlaces, placesOfAll } from "../codec/places.ts";
import { isUnchecked } from "../contract/schema.ts";
import type { AnyMethod, Contract } from "../contract/types.ts";
import { validate } from "../contract/validate.ts";
import type { Request } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Delivery } from "../transport/transport.ts";
import { attemptOf } from "./attempts.ts";
import { BrokerClock } from "./broker_clock.ts";
import { VALIDATION_LIMIT_MS } from "./defaults.ts";
import type { Opened } from "./open.ts";
import type { CallFacts } from "./call_facts.ts";
import { expired } from "./call_errors.ts";

/** What became of a request that was looked at before any handler. */
export type Received =
  | { readonly kind: "call"; readonly facts: CallFacts }
  /** It is answered without a handler. */
  | { readonly kind: "refused"; readonly error: RpcError }
  /**
   * Its schema takes its time: the facts hold neither input nor key before `checked` resolves, to the error that
   * answers it or to nothing. Bounded, never rejects.
   */
  | { readonly kind: "checking"; readonly facts: CallFacts; readonly checked: Promise<RpcError | undefined> };

/** Facts while they are collected. */
type Draft = { -readonly [Fact in keyof CallFacts]: CallFacts[Fact] };

/**
 * Decodes and checks requests: stop 7 of a call. What does not decode, does not pass its schema, has the wrong key,
 * or names no method, never reaches a handler.
 */
export class Receiver {
  readonly #contract: Contract;
  readonly #places: ReadonlyMap<string, MethodPlaces>;
  readonly #after: (ms: number, callback: () => void) => Timer;
  /** The broker's clock, by which deadlines are kept. */
  readonly brokerClock: BrokerClock = new BrokerClock();

  /** @param after sets a timer */
  constructor(contract: Contract, after: (ms: number, callback: () => void) => Timer) {
    this.#contract = contract;
    this.#places = placesOfAll(contract);
    this.#after = after;
  }

  /** When the call must be done by this machine's clock: store time plus timeout, whatever the caller's clock says. */
  deadline(request: Request, delivery: Delivery, nowMs: number): number {
    return this.brokerClock.toLocal(delivery.storedAtMs, nowMs) + request.timeoutMs;
  }

  /**
   * Turns a request into a call, or into the error that answers it.
   *
   * @param nowMs this machine's clock
   */
  receive(
    { request, plain, index }: Opened,
    delivery: Delivery,
    deadlineMs: number,
    nowMs: number,
  ): Received {
    const { name, codec } = this.#contract;
    const method = delivery.message.tag;
    const declared = this.#method(method);
    if (declared === undefined) {
      const message = `"${name}" has no method ${JSON.stringify(method.slice(0, 80))}`;
      return { kind: "refused", error: new RpcError("unimplemented", message, { outcome: "rejected" }) };
    }
    const { settings, kind } = declared;
    if ((kind === "stream") !== (request.credit !== undefined)) return otherKind(name, method, kind);
    if (request.body !== undefined && request.type !== codec.contentType) {
      return refused(`"${name}" reads ${codec.contentType}, not ${request.type.slice(0, 80)}`);
    }
    const attempt = attemptOf(request, delivery);
    const input = undefined;
    const key = undefined;
    const facts: Draft = {
      request,
      method,
      settings,
      input,
      key,
      delivery,
      deadlineMs,
      attempt,
      plain,
      index,
    };
    try {
      const decoded = request.body === undefined
        ? undefined
        : codec.decode(request.body, this.#places.get(method)?.input);
      if (settings.input === undefined || isUnchecked(settings.input)) return this.#complete(facts, decoded);
      const checked = validate(settings.input, decoded, "input");
      if (!(checked instanceof Promise)) return this.#complete(facts, checked);
      return { kind: "checking", facts, checked: this.#later(facts, checked, deadlineMs - nowMs) };
    } catch (error) {
      return refused(error instanceof Error ? error.message : String(error));
    }
  }

  async #later(facts: Draft, checked: Promise<unknown>, remainingMs: number): Promise<RpcError | undefined> {
    const late = () =>
      remainingMs <= VALIDATION_LIMIT_MS ? expired() : new RpcError(
        "internal",
        `The schema of the input of "${facts.method}" took longer than ${VALIDATION_LIMIT_MS} ms`,
        { outcome: "rejected" },
      );
    try {
      const input = await within(checked, Math.min(remainingMs, VALIDATION_LIMIT_MS), this.#after, late);
      const completed = this.#complete(facts, input);
      return completed.kind === "refused" ? completed.error : undefined;
    } catch (error) {
      return error instanceof RpcError
        ? error
        : invalid(error instanceof Error ? error.message : String(error));
    }
  }

  /** Adds input and key: an entity's is the request's, another one is the input's, which ours state as well. */
  #complete(facts: Draft, input: unknown): Exclude<Received, { kind: "checking" }> {
    facts.input = input;
    const { settings, request } = facts;
    if (this.#contract.kind === "entity") {
      if (request.key === undefined) {
        return refused(`"${this.#contract.name}" is an entity: its calls need the header 'rpc-key'`);
      }
      facts.key = checkKey(request.key);
    } else if (settings.key !== undefined) {
      facts.key = checkKey(settings.key(input));
      if (request.key !== undefined && request.key !== facts.key) {
        return refused(`The header 'rpc-key' is not the key of the input of "${facts.method}"`);
      }
    }
    return { kind: "call", facts };
  }

  /** Whether a method of that name is there, and must not run again once it was started. */
  runsOnce(method: string): boolean {
    return this.#method(method)?.settings.idempotent === false;
  }

  #method(method: string): AnyMethod | undefined {
    return Object.hasOwn(this.#contract.methods, method) ? this.#contract.methods[method] : undefined;
  }
}

/** Its caller waits for what this end does not give: it must not run, or its answer would be lost. */
function otherKind(
  contract: string,
  method: string,
  kind: AnyMethod["kind"],
): { readonly kind: "refused"; readonly error: RpcError } {
  const message = kind === "stream"
    ? `"${contract}" answers "${method}" as a stream: declare it with method.stream() and call it by its contract`
    : `"${contract}" answers "${method}" with one reply: it is no stream`;
  return { kind: "refused", error: new RpcError("unimplemented", message, { outcome: "rejected" }) };
}

function invalid(message: string): RpcError {
  return new RpcError("invalid_argument", message, { outcome: "rejected" });
}

function refused(message: string): { readonly kind: "refused"; readonly error: RpcError } {
  return { kind: "refused", error: invalid(message) };
}
