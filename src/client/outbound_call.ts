import { Backoff } from "../async/backoff.ts";
import type { Call } from "../call/call.ts";
import { ATTEMPTS } from "../call/defaults.ts";
import type { Receipt } from "../contract/types.ts";
import type { Reply } from "../envelope/reply.ts";
import type { Request } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { QueueRef, SendReceipt } from "../transport/transport.ts";
import type { Candidate } from "./admission.ts";
import type { KeyedOutgoing } from "./keyed_packer.ts";
import type { Composed } from "./compose.ts";
import type { PendingCall, PendingCalls } from "./pending.ts";
import type { Route } from "./routes.ts";

/** What a call on its way out needs from its caller. */
export interface CallDesk {
  readonly pending: PendingCalls;
  /** There is room for the call: find out where it goes, and send it. */
  proceed(call: OutboundCall): void;
  /** The last try failed with this: whether the call is made again, after a pause. */
  again(call: OutboundCall, error: RpcError): boolean;
  /** The caller gave the call up after it was sent: tell the callee. */
  cancelled(call: OutboundCall): void;
  /** The call is over, however it ended. */
  over(call: OutboundCall): void;
  /**
   * What a reply means for the caller: the output, or the error.
   *
   * @throws {RpcError} what the caller gets instead of an output
   */
  outputOf(call: OutboundCall, reply: Reply): unknown | Promise<unknown>;
}

/** One call between its proxy and its reply: waits for room, is sent, and settles the user's promise. */
export class OutboundCall implements PendingCall, KeyedOutgoing, Candidate {
  readonly call: Call;
  readonly route: Route;
  /** The direct address that it goes to, past all queues. */
  readonly instance: string | undefined;
  readonly #desk: CallDesk;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: RpcError) => void;
  #request: Request;
  readonly #waitsUntilMs: number;
  #queue: QueueRef | undefined;
  #backoff: Backoff | undefined;

  constructor(
    call: Call,
    { request, waitsUntilMs }: Composed,
    route: Route,
    instance: string | undefined,
    desk: CallDesk,
    resolve: (value: unknown) => void,
    reject: (error: RpcError) => void,
  ) {
    this.call = call;
    this.#request = request;
    this.#waitsUntilMs = waitsUntilMs;
    this.route = route;
    this.instance = instance;
    this.#desk = desk;
    this.#resolve = resolve;
    this.#reject = reject;
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
  /** The slot of its method. */
  get slot(): number {
    return this.route.slot;
  }
  /** The key by which its queue is chosen. Asked of calls that have one. */
  get key(): string {
    return this.#request.key ?? "";
  }
  /** The queue that has it, or may have it; `undefined` while none can. */
  get queue(): QueueRef | undefined {
    return this.#queue;
  }
  /** Pauses between tries, longer each time. */
  backoff(make: () => Backoff): Backoff {
    return this.#backoff ??= make();
  }

  proceed(): void {
    this.#desk.proceed(this);
  }

  handOver(queue: QueueRef): boolean {
    this.#queue = queue;
    return this.#desk.pending.handOver(this.id);
  }

  /** As `handOver`, for a call that goes past all queues. */
  handOverDirect(): boolean {
    return this.#desk.pending.handOver(this.id);
  }

  stored({ messageId, queue, offset }: SendReceipt): void {
    if (!this.#desk.pending.finish(this.id)) return;
    this.#desk.over(this);
    const receipt: Receipt = { callId: this.id, messageId, broker: queue.broker, queueId: queue.id, offset };
    this.#resolve(receipt);
  }

  sendFailed(error: RpcError): void {
    if (!this.#desk.again(this, error)) this.#desk.pending.fail(this.id, error);
  }

  /** Until when another try makes sense, epoch milliseconds by this machine's clock. */
  get waitsUntilMs(): number {
    return this.#waitsUntilMs;
  }

  /**
   * Becomes the next try, with what is left of its time.
   *
   * @param maybeStored whether a broker may have an earlier one: it then stays with its queue
   * @param nowMs by this machine's clock
   */
  renew(maybeStored: boolean, nowMs: number): void {
    const { attempt, deadlineMs } = this.#request;
    const timeoutMs = Math.max(1, deadlineMs - nowMs);
    this.#request = {
      ...this.#request,
      timeoutMs,
      attempt: Math.min(ATTEMPTS, attempt + (maybeStored ? 1 : 0)),
    };
    if (maybeStored) return;
    this.#queue = undefined;
    this.#desk.pending.takeBack(this.id);
  }

  goesOn(reply: Reply): boolean {
    return !reply.ok && reply.ran === "no" && this.#desk.again(this, reply.error);
  }

  replied(reply: Reply): void {
    this.#desk.over(this);
    try {
      const output = this.#desk.outputOf(this, reply);
      if (output instanceof Promise) {
        output.then(this.#resolve, (error) => this.#reject(RpcError.from(error)));
      } else this.#resolve(output);
    } catch (error) {
      this.#reject(RpcError.from(error));
    }
  }

  failed(error: RpcError): void {
    this.#desk.over(this);
    if (error.code === "cancelled" && error.outcome === "sent_unknown") this.#desk.cancelled(this);
    this.#reject(error);
  }
}
