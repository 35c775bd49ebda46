import type { Clock, Timer } from "../async/clock.ts";
import type { NewId } from "../async/ids.ts";
import type { Random } from "../async/random.ts";
import type { TimerWheel } from "../async/timer_wheel.ts";
import type { Call } from "../call/call.ts";
import type { CallObserver, ObservedCall } from "../call/observer.ts";
import { OUTCOME_GRACE_MS } from "../call/defaults.ts";
import type { CallScope } from "../call/scope.ts";
import type { StreamControl } from "../envelope/credit.ts";
import { controlMessage } from "../envelope/credit.ts";
import type { Request } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Transport } from "../transport/transport.ts";
import { Admission } from "./admission.ts";
import { sendCancel } from "./cancel.ts";
import { checkInput, Composer, keyOf, waitOf } from "./compose.ts";
import { MAX_IN_FLIGHT } from "./defaults.ts";
import { sendToInstance } from "./instance.ts";
import { OutboundCall } from "./outbound_call.ts";
import { Owners } from "./owners.ts";
import { MissedReplies } from "./missed_replies.ts";
import { GIVEN_UP, PendingCalls } from "./pending.ts";
import type { Presence } from "./presence.ts";
import { codeOfAbort, invalid, notSent } from "./refusal.ts";
import { Retries } from "./retries.ts";
import { type Route, Routes } from "./routes.ts";
import { StreamCall, type StreamDesk } from "./stream_call.ts";
import { OpenStreams } from "./streams.ts";

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
  /** Who sees the calls, where anybody does. */
  readonly observer?: CallObserver | undefined;
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

/**
 * Turns calls into requests, sends them, and waits for the replies: stop 4 of a call. One per system or client;
 * its table of pending calls is shared by all proxies.
 */
export class Caller implements StreamDesk {
  readonly #parts: CallerParts;
  readonly pending: PendingCalls;
  /** Which queues are whose. */
  readonly owners: Owners = new Owners();
  /** The streams that are read. */
  readonly streams: OpenStreams;
  readonly #admission = new Admission(MAX_IN_FLIGHT);
  readonly #composer: Composer;
  readonly #routes: Routes;
  readonly #retries: Retries;
  readonly #missed: MissedReplies;
  #refusal: string | undefined;
  #closed = false;
  /** The clock's monotonic time while a call is being made: reading it costs as much as a tenth of all that is done then. */
  #nowMs: number | undefined;

  constructor(parts: CallerParts) {
    this.#parts = parts;
    this.pending = new PendingCalls(parts.wheel);
    this.streams = new OpenStreams(parts.transport);
    this.#missed = new MissedReplies(parts.transport, this.pending, () => void this.streams.lookAgain());
    this.#composer = new Composer(parts);
    this.#routes = new Routes(parts.transport, parts.clock, this.owners);
    this.#retries = new Retries(parts, (outbound) => this.proceed(outbound));
  }

  /** Sends the call. Rejects with an `RpcError` only. */
  call(call: Call, settings: ProxySettings): Promise<unknown> {
    const { observer } = this.#parts;
    const scope = settings.scope ?? this.#parts.scope();
    const observed = observer?.called(call, scope);
    try {
      return this.#start(call, settings, scope, observed).promise;
    } catch (error) {
      const failure = invalid(error);
      observed?.ended(failure);
      return Promise.reject(failure);
    }
  }

  /** Refuses calls from now on, ends streams with `cancelled`, and resolves when all other calls are settled. */
  async drain(reason: string): Promise<void> {
    this.#refusal ??= reason;
    this.streams.cancelAll(reason);
    await this.pending.empty();
  }

  /**
   * Refuses calls from now on, and settles those under way with `cancelled`; only the producers of streams are told.
   * Idempotent.
   */
  close(reason: string): void {
    this.#refusal ??= reason;
    if (!this.#closed) this.streams.cancelAll(reason);
    this.#closed = true;
    this.#retries.close();
    this.#missed.close();
    this.pending.cancelAll(reason);
    this.#routes.close();
  }

  #start(
    call: Call,
    settings: ProxySettings,
    scope: CallScope | undefined,
    observed: ObservedCall | undefined,
  ): OutboundCall {
    if (this.#refusal !== undefined) throw notSent("unavailable", `Cannot call: ${this.#refusal}`);
    const { clock } = this.#parts;
    const signal = both(call.options.signal, scope?.signal);
    refuseAborted(signal);
    const { instance } = settings;
    if (instance !== undefined) refuseAtInstance(call);
    const waitMs = waitOf(call, settings.timeoutMs, scope, clock);
    const parsed = checkInput(call);
    // Whatever else refuses the call comes first; then nobody asks any more what the schema says.
    if (parsed instanceof Promise) parsed.catch(() => {});
    const route = this.#routes.of(call);
    const request = this.#composer.compose(call, parsed, waitMs, scope, route.places.input, observed?.trace);
    // A schema, a codec or a key's function may have aborted it.
    refuseAborted(signal);
    const outbound = call.kind === "stream"
      ? this.#stream(call, route, request, observed)
      : new OutboundCall(call, route, instance, request, this, observed);
    const graceMs = scope === undefined && call.kind !== "oneway" ? OUTCOME_GRACE_MS : 0;
    const nowMs = clock.monotonic();
    this.pending.add(outbound, waitMs, signal, graceMs, nowMs);
    this.#nowMs = nowMs;
    try {
      this.#enter(outbound, parsed);
    } finally {
      this.#nowMs = undefined;
    }
    return outbound;
  }

  // What captures a call stands in methods of its own: it costs every call an object where it stands beside the rest.

  /** Lets a call proceed as soon as there is room for it and its input is checked. */
  #enter(outbound: OutboundCall, parsed: unknown): void {
    const checking = parsed instanceof Promise;
    if (checking) this.#finish(outbound, parsed);
    const admitted = this.#admission.enter(outbound);
    if (outbound.keyed && (checking || !admitted)) outbound.route.shared.turns.hold(outbound);
    if (admitted) outbound.proceed();
  }

  #stream(call: Call, route: Route, request: Request, observed: ObservedCall | undefined): StreamCall {
    const stream = new StreamCall(call, route, request, this, observed);
    this.streams.add(stream);
    return stream;
  }

  #finish(outbound: OutboundCall, checking: Promise<unknown>): void {
    outbound.hinder();
    checking.then((parsed) => outbound.checked(keyOf(outbound.call, parsed)))
      .catch((error) => outbound.fail(invalid(error)));
  }

  /** Goes on once it is known that somebody serves the contract, or that nobody can be asked. */
  proceed(outbound: OutboundCall): void {
    const { call: { contract, settings }, instance, route: { shared } } = outbound;
    if (instance !== undefined) {
      outbound.resumed();
      return void sendToInstance(this.#parts.transport, instance, outbound);
    }
    if (contract.foreign) return this.#dispatch(outbound, false);
    const presence = shared.watch.ask(settings.whenAbsent === "fail", this.#nowMs);
    if (presence instanceof Promise) this.#sendLater(outbound, presence);
    else this.#send(outbound, presence);
  }

  #sendLater(outbound: OutboundCall, looking: Promise<Presence>): void {
    if (outbound.keyed) outbound.route.shared.turns.hold(outbound);
    void looking.then((presence) => this.#send(outbound, presence));
  }

  nowMs(): number {
    return this.#parts.clock.now();
  }

  again(outbound: OutboundCall, error: RpcError, answered: boolean): boolean {
    return this.#retries.again(outbound, error, answered);
  }

  cancelled(outbound: OutboundCall): void {
    if (!this.#closed) void sendCancel(this.#parts.transport, this.owners, outbound);
  }

  get replyTo(): string {
    return this.#parts.transport.addresses.reply;
  }

  monotonicMs(): number {
    return this.#parts.clock.monotonic();
  }

  after(ms: number, callback: () => void): Timer {
    return this.#parts.wheel.schedule(ms, callback);
  }

  tell(call: StreamCall, address: string, control: StreamControl): Promise<void> {
    return this.#parts.transport.sendTo(address, controlMessage(control, call.method));
  }

  lookUp(call: StreamCall): Promise<void> {
    return this.streams.lookUp(call);
  }

  left(call: StreamCall): void {
    this.streams.remove(call);
  }

  over(outbound: OutboundCall): void {
    this.#admission.leave(outbound);
    if (!outbound.keyed) return;
    const { keyed, turns } = outbound.route.shared;
    turns.leave(outbound);
    keyed.over(outbound);
  }

  #send(outbound: OutboundCall, presence: Presence): void {
    if (!outbound.live) return;
    const { call: { contract, settings }, keyed, route: { shared: { turns } } } = outbound;
    if (presence.kind === "absent" && settings.whenAbsent === "fail") return outbound.fail(nobody(outbound));
    // Where nobody can tell who serves, all of its kind are this library's.
    const packed = contract.packing &&
      (presence.kind === "present" ? presence.packs : !this.#parts.transport.capabilities.presence);
    if (!keyed || turns.idle) this.#dispatch(outbound, packed);
    else this.#dispatchInTurn(outbound, packed);
  }

  #dispatchInTurn(outbound: OutboundCall, packed: boolean): void {
    outbound.route.shared.turns.ready(outbound, () => this.#dispatch(outbound, packed));
  }

  #dispatch(outbound: OutboundCall, packed: boolean): void {
    const { keyed, paused, queue, route: { packer, shared } } = outbound;
    outbound.resumed();
    if (keyed) {
      // One that was paused has kept its place.
      if (paused) shared.keyed.resume(packed);
      else shared.keyed.add(outbound, packed);
    } else if (queue !== undefined) packer.resend(outbound, queue);
    else packer.add(outbound, packed);
  }
}

function both(own: AbortSignal | undefined, around: AbortSignal | undefined): AbortSignal | undefined {
  if (own === undefined || around === undefined) return own ?? around;
  return AbortSignal.any([own, around]);
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw notSent(codeOfAbort(signal.reason), GIVEN_UP, signal.reason);
}

function nobody({ call: { contract }, id }: OutboundCall): RpcError {
  const message =
    `No instance serves "${contract.name}": start one, or declare the method whenAbsent: "wait"`;
  return new RpcError("unavailable", message, { outcome: "not_sent", callId: id });
}

/** Nothing stores what goes past all queues, so that there is no receipt. */
function refuseAtInstance({ kind, method }: Call): void {
  if (kind === "call") return;
  const why = kind === "oneway" ? "it is one-way, so a queue has to store it" : "it is a stream";
  throw notSent("invalid_argument", `Cannot call "${method}" at one instance: ${why}`);
}
