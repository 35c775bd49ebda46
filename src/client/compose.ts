import type { Clock } from "../async/clock.ts";
import type { NewId } from "../async/ids.ts";
import { addressOf } from "../call/address.ts";
import type { Call } from "../call/call.ts";
import { MAX_BODY_BYTES } from "../call/defaults.ts";
import type { TraceHeaders } from "../call/inbound.ts";
import { checkKey } from "../call/key.ts";
import type { CallScope } from "../call/scope.ts";
import type { BodyPlace } from "../codec/codec.ts";
import { timeout } from "../contract/method.ts";
import { validate } from "../contract/validate.ts";
import { NO_CALLS } from "../envelope/chain.ts";
import type { Credit } from "../envelope/credit.ts";
import type { Request } from "../envelope/request.ts";
import type { Transport } from "../transport/transport.ts";
import { callHeaders, checkHeaderBytes } from "./call_headers.ts";
import { CHAIN_HOPS, MAX_BAGGAGE_BYTES, STREAM_BYTES, STREAM_ITEMS } from "./defaults.ts";
import { notSent } from "./refusal.ts";

/** What a transport says about itself that requests depend on. */
export interface Carrier {
  readonly addresses: Pick<Transport["addresses"], "reply">;
  readonly capabilities: Pick<Transport["capabilities"], "maxBodyBytes">;
}

/** What requests are composed with. */
export interface ComposeParts {
  readonly transport: Carrier;
  readonly clock: Clock;
  readonly newId: NewId;
  /** What callees see as `ctx.caller`. */
  readonly from: string;
}

/**
 * Has the input checked by its schema. The parse is only a check: what travels is what the user passed, and the
 * callee parses it once.
 *
 * @returns what the schema made of it, for the key; a promise where the schema needs one
 * @throws what the schema has against it
 */
export function checkInput({ settings, input }: Call): unknown | Promise<unknown> {
  return settings.input === undefined ? input : validate(settings.input, input, "input");
}

/**
 * The key of a call: the entity's, or what its method takes from the parsed input.
 *
 * @throws {TypeError} unless it is a text of 1 to 255 bytes
 */
export function keyOf({ key, settings }: Call, parsed: unknown): string | undefined {
  if (key !== undefined || settings.key === undefined) return key;
  return checkKey(settings.key(parsed));
}

/**
 * How long the caller of a call waits, in milliseconds: as the call says, else the method, else the client; never
 * longer than the call around it.
 *
 * @throws {RpcError} `deadline_exceeded` / `not_sent` when the call around it has no time left
 */
export function waitOf(call: Call, clientMs: number, scope: CallScope | undefined, clock: Clock): number {
  const askedMs = asked(call) ?? clientMs;
  if (scope === undefined) return askedMs;
  const waitMs = Math.min(askedMs, scope.deadline - clock.now());
  if (waitMs > 0) return waitMs;
  throw notSent("deadline_exceeded", "Cannot call: the deadline of the call around it has passed");
}

/** Turns calls into the requests that travel. */
export class Composer {
  readonly #parts: ComposeParts;

  constructor(parts: ComposeParts) {
    this.#parts = parts;
  }

  /**
   * Makes the request of a call: encodes the input as it is now, and takes over what a surrounding call hands down.
   *
   * @param call the call
   * @param parsed what {@linkcode checkInput} gave back; while that is a promise, the key is not known
   * @param waitMs how long its caller waits
   * @param scope the call that it is nested in
   * @param place where the input stands, for the codec
   * @throws {RpcError} `not_sent`; what user code threw as it is
   */
  compose(
    call: Call,
    parsed: unknown,
    waitMs: number,
    scope: CallScope | undefined,
    place: BodyPlace,
  ): Request {
    const { transport, clock, newId, from } = this.#parts;
    const { options, kind, contract } = call;
    const oneway = kind === "oneway";
    // A one-way call has a deadline only where somebody asked for one; what its caller waits for is the broker.
    const timeoutMs = oneway ? asked(call) ?? Infinity : waitMs;
    const request: Request = {
      id: newId(),
      kind: oneway ? "oneway" : "request",
      attempt: 1,
      deadlineMs: clock.now() + timeoutMs,
      timeoutMs,
      type: contract.codec.contentType,
      replyTo: oneway ? "" : transport.addresses.reply,
      key: parsed instanceof Promise ? call.key : keyOf(call, parsed),
      chain: scope === undefined || oneway ? NO_CALLS : chainOf(call, scope.path),
      trace: scope === undefined ? undefined : traceOf(scope),
      idempotencyKey: options.idempotencyKey,
      from,
      userHeaders: callHeaders(options),
      body: encode(call, place, transport),
    };
    checkHeaderBytes(request);
    return kind === "stream" ? { ...request, credit: STREAM_CREDIT } : request;
  }
}

/** What every stream begins with. */
const STREAM_CREDIT: Credit = { items: STREAM_ITEMS, bytes: STREAM_BYTES };

function asked({ options, settings }: Call): number | undefined {
  return options.timeoutMs === undefined ? settings.timeoutMs : timeout(options.timeoutMs);
}

/**
 * The calls above, which all wait for this one; nobody waits for a one-way call, which so starts a chain of its
 * own. A call that would wait for an entity that waits for it is refused here: it would only time out.
 */
function chainOf({ contract, method, key }: Call, path: readonly string[]): readonly string[] {
  if (contract.kind === "entity") {
    const address = addressOf(contract.name, contract.kind, method, key);
    if (path.includes(address)) {
      const cycle = [...path, address].join(" -> ");
      throw notSent(
        "failed_precondition",
        `Cannot call: ${cycle} would wait for itself; call it one-way, or after the reply`,
      );
    }
  }
  if (path.length <= CHAIN_HOPS) return path;
  throw notSent(
    "failed_precondition",
    `Cannot call: more than ${CHAIN_HOPS} calls are nested in each other`,
  );
}

/** Baggage is a convenience: what is too large of it stays here, rather than that no nested call works. */
function traceOf({ trace }: CallScope): TraceHeaders | undefined {
  if (trace?.baggage === undefined || trace.baggage.length <= MAX_BAGGAGE_BYTES) return trace;
  return { traceparent: trace.traceparent, tracestate: trace.tracestate };
}

function encode({ contract, input }: Call, place: BodyPlace, transport: Carrier): Uint8Array | undefined {
  if (input === undefined) return undefined;
  const body = contract.codec.encode(input, place);
  const maxBytes = Math.min(MAX_BODY_BYTES, transport.capabilities.maxBodyBytes);
  if (body.length <= maxBytes) return body;
  throw notSent(
    "invalid_argument",
    `Cannot send an input of ${body.length} bytes: at most ${maxBytes} travel`,
  );
}
