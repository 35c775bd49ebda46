import type { Call } from "../call/call.ts";
import type { Receipt } from "../contract/types.ts";
import type { Reply } from "../envelope/reply.ts";
import type { Request } from "../envelope/request.ts";
import { neverRan } from "../errors/outcome.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { QueueRef, SendReceipt } from "../transport/transport.ts";
import type { Candidate } from "./admission.ts";
import type { KeyedOutgoing } from "./lane.ts";
import type { PendingCall, PendingCalls } from "./pending.ts";
import { readOutput } from "./reply_reader.ts";
import type { Retry } from "./retry.ts";
import type { Route } from "./routes.ts";
import type { InTurn } from "./turns.ts";

/** What a call on its way out needs from its caller. */
export interface CallDesk {
  readonly pending: PendingCalls;
  /** The wall clock, epoch milliseconds. */
  nowMs(): number;
  /** There is room for the call, and it is complete: find out where it goes, and send it. */
  proceed(call: OutboundCall): void;
  /**
   * The last try failed with this: whether the call is made again, after a pause.
   *
   * @param answered whether its callee said so; else its send failed
   */
  again(call: OutboundCall, error: RpcError, answered: boolean): boolean;
  /** The caller gave the call up after it was sent: tell the callee. */
  cancelled(call: OutboundCall): void;
  /** The call is over, however it ended. */
  over(call: OutboundCall): void;
}

/** A wait of a call on this side that its callee need not hear of, in milliseconds. */
const SHORT_WAIT_MS = 5;

/** One call between its proxy and its reply: waits for room, is sent, perhaps again, and settles the user's promise. */
export class OutboundCall implements PendingCall, KeyedOutgoing, Candidate, InTurn {
  readonly call: Call;
  readonly route: Route;
  /** The direct address that it goes to, past all queues. */
  readonly instance: string | undefined;
  /** What the user waits for. */
  readonly promise: Promise<unknown>;
  // Set by the promise's executor, which runs before the constructor goes on.
  #resolve: (value: unknown) => void = nothing;
  #reject: (reason: unknown) => void = nothing;
  readonly #desk: CallDesk;
  /** The messages of it that were refused: one for each time that it was sent again. */
  #refused: Set<string> | undefined;
  #request: Request;
  #queue: QueueRef | undefined;
  #plan = 0;
  #retry: Retry | undefined;
  /** What has to happen before it can proceed: at least, there has to be room. */
  #obstacles = 1;
  #stage: "going" | "reading" | "over" = "going";

  constructor(
    call: Call,
    route: Route,
    instance: string | undefined,
    request: Request,
    desk: CallDesk,
  ) {
    this.call = call;
    this.route = route;
    this.instance = instance;
    this.#desk = desk;
    this.#request = request;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get request(): Request {
    return this.#request;
  }
  get id(): string {
    return this.#request.id;
  }
  get method(): string {
    return this.call.method;
  }
  get live(): boolean {
    return this.#stage !== "over";
  }
  /** Whether it belongs to an order. */
  get keyed(): boolean {
    const { key, settings, contract } = this.call;
    return (key !== undefined || settings.key !== undefined) && this.instance === undefined &&
      !contract.foreign;
  }
  /** Asked of calls that have one, once it is known. */
  get key(): string {
    return this.#request.key ?? "";
  }
  /** Calls of one key keep their order; as long as the key is not known, so do those of the method. */
  get line(): string {
    return this.call.key ?? this.call.method;
  }
  get slot(): number {
    return this.route.slot;
  }
  get slots(): number {
    return this.route.slots;
  }
  /** The queue that has it, or may have it; `undefined` while none can. */
  get queue(): QueueRef | undefined {
    return this.#queue;
  }
  get plan(): number {
    return this.#plan;
  }
  /** Where whoever runs it is reached past all queues, as far as the call itself knows. */
  get direct(): string | undefined {
    return this.instance;
  }
  /** What it remembers of tries that failed. */
  get retry(): Retry | undefined {
    return this.#retry;
  }
  get paused(): boolean {
    return this.#retry?.paused ?? false;
  }

  /** One more thing has to happen before it can proceed. */
  hinder(): void {
    this.#obstacles++;
  }

  /** One of the things that had to happen has happened. */
  proceed(): void {
    if (--this.#obstacles === 0) this.#desk.proceed(this);
  }

  /** Its input has been checked, so that its key is known. */
  checked(key: string | undefined): void {
    if (!this.live) return;
    if (key !== this.#request.key) this.#request = { ...this.#request, key };
    this.proceed();
  }

  /** What is left of its time at `nowMs`, in milliseconds; `Infinity` where it has no deadline. */
  remainingMs(nowMs: number): number {
    return this.#request.deadlineMs - nowMs;
  }

  /**
   * It waits to be sent again. What is certain about it by now is what giving it up means. Only what was not sent
   * may go elsewhere: in its queue it is known as the same call, should its callee's refusal come twice.
   */
  pause(retry: Retry): void {
    this.#retry = retry;
    if (retry.maybeStored) return;
    const { outcome } = retry.error;
    if (outcome === "not_sent" || this.keyed) this.#queue = undefined;
    this.#desk.pending.note(this.id, outcome);
  }

  /** The pause is over: it becomes the next try, with what is left of its time. */
  renew(nowMs: number): void {
    const { timeoutMs, attempt } = this.#request;
    this.#request = {
      ...this.#request,
      // Never more than before, should the wall clock have been set back meanwhile.
      timeoutMs: Math.min(timeoutMs, this.remainingMs(nowMs)),
      attempt: this.#retry?.error.outcome === "sent_unknown" ? attempt + 1 : attempt,
    };
  }

  /** It is on its way again. */
  resumed(): void {
    if (this.#retry !== undefined) this.#retry.paused = false;
  }

  handOver(queue?: QueueRef, plan = 0): boolean {
    if (!this.#desk.pending.handOver(this.id)) return false;
    this.#queue = queue;
    this.#plan = plan;
    this.#shorten();
    return true;
  }

  /**
   * Its callee gives it its timeout from when it is stored. What it has waited for on this side, for room, a look-up or
   * a send before it, must not be given to it twice: its handler would run for a caller that has gone.
   */
  #shorten(): void {
    const { timeoutMs } = this.#request;
    const remainingMs = this.remainingMs(this.#desk.nowMs());
    // Without a deadline this is no number.
    if (!(timeoutMs - remainingMs >= SHORT_WAIT_MS)) return;
    this.#request = { ...this.#request, timeoutMs: Math.max(1, remainingMs) };
  }

  stored({ messageId, queue, offset }: SendReceipt): void {
    if (!this.#desk.pending.finish(this.id)) return;
    this.conclude();
    const receipt: Receipt = { callId: this.id, messageId, broker: queue.broker, queueId: queue.id, offset };
    this.#resolve(receipt);
  }

  sendFailed(error: RpcError): void {
    // Its callee has answered meanwhile that it is to be sent again.
    if (this.paused || this.#desk.again(this, error, false)) return;
    this.fail(error);
  }

  /** Ends it with an error. Does nothing when it is over. */
  fail(error: RpcError): void {
    this.#desk.pending.fail(this.id, error);
  }

  /** A later owner of the queue refuses a message again, and that says nothing about what was sent since. */
  repeats(reply: Reply): boolean {
    if (reply.ok || reply.origin === undefined) return false;
    if (this.#refused?.has(reply.origin)) return true;
    (this.#refused ??= new Set()).add(reply.origin);
    return false;
  }

  replied(reply: Reply): boolean {
    if (this.#stage === "reading" || (!reply.ok && this.#desk.again(this, reply.error, true))) return false;
    let output: unknown;
    try {
      output = readOutput(this.call, this.id, reply, this.route.places);
    } catch (error) {
      this.conclude();
      this.#reject(this.known(RpcError.from(error)));
      return true;
    }
    if (output instanceof Promise) {
      this.#read(output);
      return false;
    }
    this.conclude();
    this.#resolve(output);
    return true;
  }

  timedOut(error: RpcError): void {
    // Why it could not be sent says more than that there was no time left to try again.
    this.failed(this.#retry?.paused ? this.#retry.error : error);
  }

  failed(failure: RpcError): void {
    const error = this.known(failure);
    this.conclude();
    if (error.code === "cancelled" && error.outcome === "sent_unknown") this.#desk.cancelled(this);
    this.#reject(error);
  }

  /** Settles the user's promise before the call is over. Does nothing the second time. */
  protected opened(value: unknown): void {
    this.#resolve(value);
  }

  /** As {@linkcode OutboundCall.opened}, with an error. */
  protected refused(error: RpcError): void {
    this.#reject(error);
  }

  /** The output has to be checked, which takes time that the deadline still bounds. */
  #read(output: Promise<unknown>): void {
    const { pending } = this.#desk;
    this.#stage = "reading";
    pending.note(this.id, "executed_reply_lost");
    output.then((value) => {
      if (!pending.finish(this.id)) return;
      this.conclude();
      this.#resolve(value);
    }, (error) => pending.fail(this.id, RpcError.from(error)));
  }

  /** Nothing more happens with it. Once. */
  protected conclude(): void {
    this.#stage = "over";
    this.#retry?.timer?.cancel();
    this.#desk.over(this);
  }

  /** Where an earlier try may have been stored, no later one proves that nothing ran. */
  protected known(error: RpcError): RpcError {
    if (!this.#retry?.maybeStored || !neverRan(error.outcome)) return error;
    const { code, message } = error;
    return new RpcError(code, message, { outcome: "sent_unknown", callId: this.id, cause: error });
  }
}

function nothing(): void {}
