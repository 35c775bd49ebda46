import { Backoff } from "../async/backoff.ts";
import type { Clock } from "../async/clock.ts";
import type { NewId } from "../async/ids.ts";
import type { Random } from "../async/random.ts";
import type { TimerWheel } from "../async/timer_wheel.ts";
import type { Call } from "../call/call.ts";
import { OUTCOME_GRACE_MS } from "../call/defaults.ts";
import type { CallScope } from "../call/scope.ts";
import type { Contract } from "../contract/types.ts";
import type { Reply } from "../envelope/reply.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Transport } from "../transport/transport.ts";
import { Admission } from "./admission.ts";
import { sendCancel } from "./cancel.ts";
import { compose, type Composed, invalid, notSent } from "./compose.ts";
import { MAX_IN_FLIGHT, RESEND_PAUSE_MS } from "./defaults.ts";
import { sendToInstance } from "./instance.ts";
import { type CallDesk, OutboundCall } from "./outbound_call.ts";
import { Owners } from "./owners.ts";
import { PendingCalls } from "./pending.ts";
import { type Presence, PresenceWatch } from "./presence.ts";
import { readOutput } from "./reply_reader.ts";
import { mayTryAgain } from "./retry.ts";
import { Routes } from "./routes.ts";

/** What a caller is made of. */
export interface CallerParts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  readonly newId: NewId;
  /** What callees see as `ctx.caller`. */
  readonly from: string;
  /** The call inside which the current code runs, if any: nested calls inherit from it. */
  readonly scope: () => CallScope | undefined;
}

/** What all calls of one proxy share. */
export interface ProxySettings {
  /** Deadline of calls whose method states none, in milliseconds. */
  readonly timeoutMs: number;
  /** The direct address of the one instance that shall serve the calls; `undefined` for whoever owns the queue. */
  readonly instance: string | undefined;
  /** The call that they are nested in, where that is known; else the caller finds out. */
  readonly scope: CallScope | undefined;
}

const log = logger("caller");

/**
 * Turns calls into requests, sends them, and waits for the replies: stop 4 of a call. One per system or client;
 * its table of pending calls is shared by all proxies.
 */
export class Caller implements CallDesk {
  readonly #parts: CallerParts;
  readonly pending: PendingCalls;
  /** Which queues are whose. */
  readonly owners: Owners = new Owners();
  readonly #admission = new Admission(MAX_IN_FLIGHT);
  readonly #routes: Routes;
  readonly #presence = new Map<string, PresenceWatch>();
  #refusal: string | undefined;

  constructor(parts: CallerParts) {
    this.#parts = parts;
    this.pending = new PendingCalls(parts.wheel);
    this.#routes = new Routes(parts.transport);
  }

  /** Sends the call. Rejects with an `RpcError` only. */
  call(call: Call, settings: ProxySettings): Promise<unknown> {
    return new Promise((resolve, reject) => {
      try {
        this.#start(call, settings, resolve, reject);
      } catch (error) {
        reject(invalid(error));
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
    settings: ProxySettings,
    resolve: (value: unknown) => void,
    reject: (error: RpcError) => void,
  ): void {
    if (this.#refusal !== undefined) throw notSent("unavailable", `Cannot call: ${this.#refusal}`);
    const scope = settings.scope ?? this.#parts.scope();
    const signal = both(call.options.signal, scope?.signal);
    if (signal?.aborted) throw notSent("cancelled", "The caller cancelled the call", signal.reason);
    const route = this.#routes.of(call);
    const enter = (composed: Composed) => {
      const outbound = new OutboundCall(call, composed, route, settings.instance, this, resolve, reject);
      this.pending.add(outbound, composed.waitMs, signal, scope === undefined ? OUTCOME_GRACE_MS : 0);
      if (this.#admission.enter(outbound)) outbound.proceed();
    };
    const composed = compose(call, settings.timeoutMs, scope, route.places.input, this.#parts);
    if (composed instanceof Promise) composed.then(enter).catch((error) => reject(invalid(error)));
    else enter(composed);
  }

  /** Goes on once it is known that somebody serves the contract, or that nobody can be asked. */
  proceed(outbound: OutboundCall): void {
    const { call: { contract }, instance } = outbound;
    if (instance !== undefined) return void sendToInstance(this.#parts.transport, instance, outbound);
    if (contract.foreign) return this.#dispatch(outbound, false);
    const presence = this.#watch(contract).ask();
    if (presence instanceof Promise) void presence.then((found) => this.#send(outbound, found));
    else this.#send(outbound, presence);
  }

  again(outbound: OutboundCall, error: RpcError): boolean {
    const { wheel, clock, random } = this.#parts;
    if (this.#refusal !== undefined || !mayTryAgain(error, outbound.call.settings.idempotent)) return false;
    const pauseMs = outbound.backoff(() => new Backoff({ ...RESEND_PAUSE_MS, random })).next();
    if (clock.now() + pauseMs >= outbound.waitsUntilMs) return false;
    log.debug(EVENTS.caller.again, { callId: outbound.id, pauseMs, error });
    wheel.schedule(pauseMs, () => {
      if (!this.pending.has(outbound.id)) return;
      outbound.renew(error.outcome === "sent_unknown", clock.now());
      this.proceed(outbound);
    });
    return true;
  }

  cancelled(outbound: OutboundCall): void {
    if (this.#refusal === undefined) void sendCancel(this.#parts.transport, this.owners, outbound);
  }

  over(outbound: OutboundCall): void {
    this.#admission.leave(outbound);
  }

  outputOf({ call, id, route }: OutboundCall, reply: Reply): unknown | Promise<unknown> {
    return readOutput(call, id, reply, route.places);
  }

  #send(outbound: OutboundCall, presence: Presence): void {
    const { contract, settings } = outbound.call;
    if (presence.kind === "absent" && settings.whenAbsent === "fail") {
      const message =
        `No instance serves "${contract.name}": start one, or declare the method whenAbsent: "wait"`;
      const error = new RpcError("unavailable", message, { outcome: "not_sent", callId: outbound.id });
      return this.pending.fail(outbound.id, error);
    }
    this.#dispatch(outbound, contract.packing && presence.kind === "present" && presence.packs);
  }

  #dispatch(outbound: OutboundCall, packed: boolean): void {
    const { route, request, queue } = outbound;
    if (request.key !== undefined && !outbound.call.contract.foreign) route.keyed.add(outbound, packed);
    else if (queue !== undefined) route.packer.resend(outbound, queue);
    else route.packer.add(outbound, packed);
  }

  #watch(contract: Contract): PresenceWatch {
    let watch = this.#presence.get(contract.name);
    if (watch === undefined) {
      watch = new PresenceWatch(this.#parts.transport, this.#parts.clock, contract);
      this.#presence.set(contract.name, watch);
    }
    return watch;
  }
}

function both(own: AbortSignal | undefined, around: AbortSignal | undefined): AbortSignal | undefined {
  if (own === undefined || around === undefined) return own ?? around;
  return AbortSignal.any([own, around]);
}
