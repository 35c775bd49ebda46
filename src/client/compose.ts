import type { Clock } from "../async/clock.ts";
import type { NewId } from "../async/ids.ts";
import { addressOf } from "../call/address.ts";
import type { Call } from "../call/call.ts";
import { MAX_BODY_BYTES } from "../call/defaults.ts";
import { checkKey } from "../call/key.ts";
import type { CallScope } from "../call/scope.ts";
import type { BodyPlace } from "../codec/codec.ts";
import { timeout } from "../contract/method.ts";
import { validate } from "../contract/validate.ts";
import type { Request } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Transport } from "../transport/transport.ts";
import { callHeaders } from "./call_headers.ts";
import { CHAIN_HOPS } from "./defaults.ts";

/** What requests are composed with. */
export interface ComposeParts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly newId: NewId;
  /** What callees see as `ctx.caller`. */
  readonly from: string;
}

/** A request, and how long its caller waits. */
export interface Composed {
  readonly request: Request;
  /** Milliseconds until the caller's deadline, also where the message has none. */
  readonly waitMs: number;
  /** The same as a time: epoch milliseconds by this machine's clock. */
  readonly waitsUntilMs: number;
}

const NO_CALLS: readonly string[] = Object.freeze([]);

/**
 * Turns a call into the request that travels: checks the input, takes the key from it, encodes it, and takes over
 * what a surrounding call hands down. The caller's parse is only a check: what travels is what the user passed,
 * and the callee parses it once.
 *
 * @param call the call
 * @param defaultTimeoutMs the client's own timeout
 * @param scope the call that it is nested in
 * @param place where the input stands, for the codec
 * @returns the request; a promise where the input's schema needs one
 * @throws {RpcError} whose outcome is `not_sent`
 */
export function compose(
  call: Call,
  defaultTimeoutMs: number,
  scope: CallScope | undefined,
  place: BodyPlace,
  parts: ComposeParts,
): Composed | Promise<Composed> {
  const parsed = parse(call);
  return parsed instanceof Promise
    ? parsed.then((value) => finish(call, value, defaultTimeoutMs, scope, place, parts))
    : finish(call, parsed, defaultTimeoutMs, scope, place, parts);
}

function parse({ settings, input }: Call): unknown | Promise<unknown> {
  if (settings.input === undefined) return input;
  try {
    const parsed = validate(settings.input, input, "input");
    return parsed instanceof Promise ? parsed.catch((error) => Promise.reject(invalid(error))) : parsed;
  } catch (error) {
    throw invalid(error);
  }
}

function finish(
  call: Call,
  parsed: unknown,
  defaultTimeoutMs: number,
  scope: CallScope | undefined,
  place: BodyPlace,
  parts: ComposeParts,
): Composed {
  const { options, settings, kind, contract } = call;
  const now = parts.clock.now();
  const asked = options.timeoutMs === undefined ? settings.timeoutMs : timeout(options.timeoutMs);
  const remainingMs = scope === undefined ? Infinity : scope.deadline - now;
  const waitMs = Math.min(asked ?? defaultTimeoutMs, remainingMs);
  if (waitMs <= 0) {
    throw notSent("deadline_exceeded", "Cannot call: the deadline of the call around it has passed");
  }
  const oneway = kind === "oneway";
  // A one-way call has a deadline only where somebody asked for one; what its caller waits for is the broker.
  const timeoutMs = oneway ? asked ?? Infinity : waitMs;
  const request: Request = {
    id: parts.newId(),
    kind: oneway ? "oneway" : "request",
    attempt: 1,
    deadlineMs: now + timeoutMs,
    timeoutMs,
    type: contract.codec.contentType,
    replyTo: oneway ? "" : parts.transport.addresses.reply,
    key: keyOf(call, parsed),
    chain: scope === undefined ? NO_CALLS : chainOf(call, scope),
    trace: scope?.trace,
    idempotencyKey: options.idempotencyKey,
    from: parts.from,
    userHeaders: callHeaders(options),
    body: encode(call, place, parts.transport),
  };
  return { request, waitMs, waitsUntilMs: now + waitMs };
}

function keyOf({ key, settings }: Call, parsed: unknown): string | undefined {
  if (key !== undefined) return key;
  if (settings.key === undefined) return undefined;
  try {
    return checkKey(settings.key(parsed));
  } catch (error) {
    throw invalid(error);
  }
}

/** The calls above. One that would wait for an entity that waits for it is refused here: it would only time out. */
function chainOf({ contract, method, key, kind }: Call, scope: CallScope): readonly string[] {
  const { path } = scope;
  const address = addressOf(contract.name, contract.kind, method, key);
  if (kind === "call" && contract.kind === "entity" && path.includes(address)) {
    throw notSent(
      "failed_precondition",
      `Cannot call: ${
        [...path, address].join(" -> ")
      } would wait for itself; call it one-way, or after the reply`,
    );
  }
  if (path.length > CHAIN_HOPS) {
    throw notSent(
      "failed_precondition",
      `Cannot call: more than ${CHAIN_HOPS} calls are nested in each other`,
    );
  }
  return path;
}

function encode({ contract, input }: Call, place: BodyPlace, transport: Transport): Uint8Array | undefined {
  if (input === undefined) return undefined;
  let body: Uint8Array;
  try {
    body = contract.codec.encode(input, place);
  } catch (error) {
    throw invalid(error);
  }
  const maxBytes = Math.min(MAX_BODY_BYTES, transport.capabilities.maxBodyBytes);
  if (body.length <= maxBytes) return body;
  throw notSent(
    "invalid_argument",
    `Cannot send an input of ${body.length} bytes: at most ${maxBytes} travel`,
  );
}

/** An error of which no broker has heard. */
export function notSent(code: RpcError["code"], message: string, cause?: unknown): RpcError {
  return new RpcError(code, message, { outcome: "not_sent", cause });
}

/** What was caught before anything was sent, as the error of a call. */
export function invalid(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  return notSent("invalid_argument", error instanceof Error ? error.message : String(error), error);
}
