import type { Clock } from "../async/clock.ts";
import type { NewId } from "../async/ids.ts";
import type { TimerWheel } from "../async/timer_wheel.ts";
import type { Call } from "../call/call.ts";
import type { CallOptions } from "../contract/call_options.ts";
import { MAX_BODY_BYTES, MAX_HEADER_BYTES } from "../call/defaults.ts";
import { slotOf, topicOf } from "../call/plan.ts";
import type { Codec } from "../codec/codec.ts";
import type { Contract } from "../contract/types.ts";
import { timeout } from "../contract/method.ts";
import { escapeHeader, HEADER, USER_PREFIX } from "../envelope/headers.ts";
import type { Request } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Transport } from "../transport/transport.ts";
import { MAX_IN_FLIGHT } from "./defaults.ts";
import { Admission } from "./admission.ts";
import { type CallDesk, OutboundCall } from "./outbound_call.ts";
import { Packer } from "./packer.ts";
import { PendingCalls } from "./pending.ts";
import { type Presence, PresenceWatch } from "./presence.ts";

/** What a caller is made of. */
export interface CallerParts {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly newId: NewId;
  /** What callees see as `ctx.caller`. */
  readonly from: string;
}

const NO_HEADERS: ReadonlyMap<string, string> = new Map();
const HEADER_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * Turns a call into a request, sends it, and waits for the reply: stop 4 of a call. One per system or client;
 * its table of pending calls is shared by all proxies.
 */
export class Caller implements CallDesk {
  readonly #parts: CallerParts;
  readonly pending: PendingCalls;
  readonly #admission = new Admission(MAX_IN_FLIGHT);
  readonly #packers = new Map<string, Map<string, Packer>>();
  readonly #presence = new Map<string, PresenceWatch>();
  #refusal: string | undefined;

  constructor(parts: CallerParts) {
    this.#parts = parts;
    this.pending = new PendingCalls(parts.wheel);
  }

  /** Sends the call. Rejects with an `RpcError` only. */
  call(call: Call, defaultTimeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      try {
        this.#start(call, defaultTimeoutMs, resolve, reject);
      } catch (error) {
        reject(error instanceof RpcError ? error : invalid(error));
      }
    });
  }

  /** Refuses calls from now on, and resolves when those under way are settled. */
  async drain(reason: string): Promise<void> {
    this.#refusal ??= reason;
    await this.pending.empty();
  }

  /** Refuses calls from now on, and settles those under way with `cancelled`. Idempotent. */
  close(reason: string): void {
    this.#refusal ??= reason;
    this.pending.cancelAll(reason);
    for (const watch of this.#presence.values()) watch.close();
  }

  #start(
    call: Call,
    defaultTimeoutMs: number,
    resolve: (value: unknown) => void,
    reject: (error: RpcError) => void,
  ): void {
    if (this.#refusal !== undefined) throw notSent("unavailable", `Cannot call: ${this.#refusal}`);
    const { signal } = call.options;
    if (signal?.aborted) throw notSent("cancelled", "The caller cancelled the call", signal.reason);
    const request = this.#request(call, defaultTimeoutMs);
    const outbound = new OutboundCall(call, request, this, resolve, reject);
    this.pending.add(outbound, request.timeoutMs, signal);
    if (this.#admission.enter(outbound)) outbound.proceed();
  }

  /** Goes on once it is known that somebody serves the contract, or that nobody can be asked. */
  proceed(outbound: OutboundCall): void {
    const { contract } = outbound.call;
    if (contract.foreign) return this.#packer(outbound.call).add(outbound, false);
    const presence = this.#watch(contract).ask();
    if (presence instanceof Promise) void presence.then((found) => this.#send(outbound, found));
    else this.#send(outbound, presence);
  }

  /** The call is over, however it ended. */
  over(outbound: OutboundCall): void {
    this.#admission.leave(outbound);
  }

  /** Decodes what a handler answered. */
  decode(body: Uint8Array): unknown {
    return this.#parts.codec.decode(body);
  }

  #send(outbound: OutboundCall, presence: Presence): void {
    const { contract, settings } = outbound.call;
    if (presence.kind === "absent" && settings.whenAbsent === "fail") {
      const message =
        `No instance serves "${contract.name}": start one, or declare the method whenAbsent: "wait"`;
      const error = new RpcError("unavailable", message, { outcome: "not_sent", callId: outbound.id });
      return this.pending.fail(outbound.id, error);
    }
    const packed = contract.packing && presence.kind === "present" && presence.packs;
    this.#packer(outbound.call).add(outbound, packed);
  }

  #request(call: Call, defaultTimeoutMs: number): Request {
    const { options, settings } = call;
    const timeoutMs = options.timeoutMs === undefined
      ? settings.timeoutMs ?? defaultTimeoutMs
      : timeout(options.timeoutMs);
    const body = call.input === undefined ? undefined : this.#parts.codec.encode(call.input);
    const maxBytes = Math.min(MAX_BODY_BYTES, this.#parts.transport.capabilities.maxBodyBytes);
    if (body !== undefined && body.length > maxBytes) {
      throw notSent(
        "invalid_argument",
        `Cannot send an input of ${body.length} bytes: at most ${maxBytes} travel`,
      );
    }
    return {
      id: this.#parts.newId(),
      kind: "request",
      key: undefined,
      chain: [],
      trace: undefined,
      attempt: 1,
      deadlineMs: this.#parts.clock.now() + timeoutMs,
      timeoutMs,
      type: this.#parts.codec.contentType,
      replyTo: this.#parts.transport.addresses.reply,
      idempotencyKey: options.idempotencyKey,
      from: this.#parts.from,
      userHeaders: checkHeaders(options),
      body,
    };
  }

  #watch(contract: Contract): PresenceWatch {
    let watch = this.#presence.get(contract.name);
    if (watch === undefined) {
      watch = new PresenceWatch(this.#parts.transport, this.#parts.clock, contract);
      this.#presence.set(contract.name, watch);
    }
    return watch;
  }

  #packer({ contract, method }: Call): Packer {
    let packers = this.#packers.get(contract.name);
    if (packers === undefined) this.#packers.set(contract.name, packers = new Map());
    let packer = packers.get(method);
    if (packer === undefined) {
      const { slots, foreign, name } = contract;
      const slot = slotOf(Object.keys(contract.methods).indexOf(method), slots);
      packer = new Packer(this.#parts.transport, { topic: topicOf(name), method, slot, slots, foreign });
      packers.set(method, packer);
    }
    return packer;
  }
}

/** Checks what the user puts into headers, by the size it has on the wire. */
function checkHeaders({ headers, idempotencyKey }: CallOptions): ReadonlyMap<string, string> {
  if (headers === undefined && idempotencyKey === undefined) return NO_HEADERS;
  const checked = new Map<string, string>();
  let bytes = 0;
  if (idempotencyKey !== undefined) {
    if (typeof idempotencyKey !== "string" || idempotencyKey === "") {
      throw notSent(
        "invalid_argument",
        "Cannot use the 'idempotencyKey': it must be a text that is not empty",
      );
    }
    bytes += HEADER.idempotencyKey.length + escapeHeader(idempotencyKey).length;
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!HEADER_NAME.test(name)) {
      throw notSent(
        "invalid_argument",
        `Cannot send the header ${JSON.stringify(name)}: use letters, digits, "-", "_", "."`,
      );
    }
    if (typeof value !== "string" || value === "") {
      throw notSent(
        "invalid_argument",
        `Cannot send the header "${name}": its value must be a text that is not empty`,
      );
    }
    bytes += USER_PREFIX.length + name.length + escapeHeader(value).length;
    checked.set(name, value);
  }
  if (bytes > MAX_HEADER_BYTES) {
    throw notSent(
      "invalid_argument",
      `Cannot send the headers: with the 'idempotencyKey' they take ${bytes} bytes, at most ${MAX_HEADER_BYTES} travel`,
    );
  }
  return checked;
}

function notSent(code: RpcError["code"], message: string, cause?: unknown): RpcError {
  return new RpcError(code, message, { outcome: "not_sent", cause });
}

function invalid(error: unknown): RpcError {
  const message = error instanceof Error ? error.message : String(error);
  return notSent("invalid_argument", message, error);
}
