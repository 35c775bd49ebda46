import type { Timer } from "../async/clock.ts";
import type { Result } from "../call/inbound.ts";
import { CALL_TIMEOUT_MS } from "../call/defaults.ts";
import type { Contract } from "../contract/types.ts";
import { ENVELOPE_VERSION, HEADER } from "../envelope/headers.ts";
import { isRetryable, type Reply } from "../envelope/reply.ts";
import { readTarget } from "../envelope/target.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { DirectMessage } from "../transport/transport.ts";
import { Answers } from "./answers.ts";
import { DIRECT_CALLS, EXPIRED_ANSWERED_MS } from "./defaults.ts";
import { DirectCall, DirectDelivery } from "./direct_call.ts";
import type { DirectRequests } from "./direct_listener.ts";
import { EarlyCancels } from "./early_cancels.ts";
import { observedRequest } from "./observed.ts";
import { type Opened, openRequest, Unreadable } from "./open.ts";
import type { CallOwner, ReceivedCall } from "./received_call.ts";
import { expired } from "./call_errors.ts";
import { Receiver } from "./receiver.ts";
import { Replier } from "./replier.ts";
import type { Mailboxes } from "./server.ts";
import type { ServiceParts } from "./service_parts.ts";
import { DuplicateWindow } from "./window.ts";

/** A contract whose calls name the instance that they are for. */
export interface DirectContract {
  readonly contract: Contract;
  readonly mailboxes: Pick<Mailboxes, "deliver">;
}

/** A contract with what turns its requests into calls, and its results into replies. */
interface Endpoint extends DirectContract {
  readonly receiver: Receiver;
  readonly answers: Answers;
}

/** What happened to requests by direct address that no handler answered. */
export interface DirectCounts {
  /** Answered with an error: unreadable, no such target, wrong input, expired, too many at once. */
  refused: number;
  /** Not answered: nobody to answer could be read from them, or too many refusals were under way. */
  dropped: number;
  /** Came a second time. */
  duplicates: number;
  /** Cancelled by their callers. */
  cancelled: number;
  /** Replies that could not be stored before their deadline. */
  undelivered: number;
}

const log = logger("callee");

/**
 * The calls that come past all queues, to contracts that are addressed by instance. There is no broker behind them: what
 * this instance does not answer is lost, its caller's deadline tells. Bounded: what is too much is refused at once.
 */
export class DirectIntake implements DirectRequests, CallOwner {
  readonly #endpoints: ReadonlyMap<string, Endpoint>;
  readonly #parts: ServiceParts;
  readonly #replier: Replier;
  readonly #window: DuplicateWindow;
  readonly #early: EarlyCancels;
  /** Calls without a stored reply. */
  readonly #live = new Map<ReceivedCall, Endpoint>();
  #refusing = 0;
  #closed = false;
  readonly #counts: DirectCounts = {
    undelivered: 0,
    refused: 0,
    dropped: 0,
    duplicates: 0,
    cancelled: 0,
  };

  /**
   * @param contracts what is served, by contract name
   * @param parts of a transport that has started
   */
  constructor(contracts: ReadonlyMap<string, DirectContract>, parts: ServiceParts) {
    const { transport, clock, random, wheel } = parts;
    const after = (ms: number, callback: () => void) => wheel.schedule(ms, callback);
    this.#endpoints = new Map(
      [...contracts].map(([name, { contract, mailboxes }]) => [name, {
        contract,
        mailboxes,
        receiver: new Receiver(contract, after),
        answers: new Answers(contract, transport.capabilities.maxBodyBytes, after),
      }]),
    );
    this.#parts = parts;
    this.#replier = new Replier(transport, clock, random);
    this.#window = new DuplicateWindow(clock);
    this.#early = new EarlyCancels(clock);
  }

  /** Calls that are not answered yet. */
  get unsettled(): number {
    return this.#live.size;
  }

  get counts(): Readonly<DirectCounts> {
    return this.#counts;
  }

  receive(message: DirectMessage): void {
    if (this.#closed) return;
    const { headers, body } = message;
    if (headers.get(HEADER.version) !== ENVELOPE_VERSION) {
      return this.#drop("Its envelope is of another version");
    }
    const opened = openRequest(headers, headers, body, 0);
    if (opened instanceof Unreadable) return this.#unreadable(opened);
    this.#window.age();
    const seen = this.#window.seen(opened.request.id);
    if (seen === undefined) return this.#accept(opened, message);
    this.#counts.duplicates++;
    seen.join((reply) => reply !== undefined && this.#reply(reply, opened.request));
  }

  cancel(callId: string): boolean {
    const seen = this.#window.seen(callId);
    if (seen === undefined) return false;
    if (seen.call?.cancel()) {
      this.#counts.cancelled++;
      log.debug(EVENTS.callee.cancelled, { callId });
    }
    return true;
  }

  expectCancelled(callId: string): void {
    this.#early.remember(callId);
  }

  /** Gives up what runs, and answers nothing any more. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const call of this.#live.keys()) {
      const reason = "The instance is closing";
      call.withdraw(new RpcError("unavailable", reason, { outcome: "sent_unknown", callId: call.id }));
      call.observed?.left();
    }
    this.#live.clear();
    this.#replier.close();
  }

  nowMs(): number {
    return this.#parts.clock.now();
  }

  held(): boolean {
    return !this.#closed;
  }

  after(ms: number, callback: () => void): Timer {
    return this.#parts.wheel.schedule(Math.max(0, ms), callback);
  }

  conclude(call: ReceivedCall, result: Result): void {
    const reply = this.#live.get(call)?.answers.toReply(call.facts, result);
    if (reply instanceof Promise) void reply.then((late) => this.#conclude(call, late));
    else if (reply !== undefined) this.#conclude(call, reply);
  }

  #conclude(call: ReceivedCall, reply: Reply): void {
    if (!this.#live.has(call)) return;
    call.seen.answered(reply);
    call.observed?.answered(reply.ok ? undefined : reply.error);
    if (isRetryable(reply)) this.#window.forget(call.id);
    this.#send(reply, call.facts.request, call.method, call.deadlineMs, () => this.#settled(call));
  }

  #settled(call: ReceivedCall): void {
    this.#live.delete(call);
    call.observed?.left();
  }

  #accept(opened: Opened, { headers, body }: DirectMessage): void {
    const { request } = opened;
    const target = readTarget(headers.get(HEADER.target));
    const endpoint = target === undefined ? undefined : this.#endpoints.get(target.contract);
    if (target === undefined || endpoint === undefined) {
      const name = JSON.stringify((target?.contract ?? headers.get(HEADER.target) ?? "").slice(0, 80));
      return this.#refuse(
        request,
        rejected("unimplemented", `This instance serves no ${name} by direct address`),
      );
    }
    if (this.#live.size >= DIRECT_CALLS) {
      return this.#refuse(
        request,
        rejected("resource_exhausted", `${DIRECT_CALLS} direct calls are under way here`),
      );
    }
    const now = this.nowMs();
    const deadlineMs = now + request.timeoutMs;
    if (now >= deadlineMs) return this.#refuse(request, expired());
    const delivery = new DirectDelivery(target.method, headers, body, now);
    const received = endpoint.receiver.receive(opened, delivery, deadlineMs, now);
    if (received.kind === "refused") return this.#refuse(request, received.error);
    const call = new DirectCall(received.facts, this.#window.enter(request.id), this);
    call.seen.call = call;
    call.observed = this.#parts.observer?.received(
      observedRequest(endpoint.contract, request, delivery, 1, now),
    );
    this.#live.set(call, endpoint);
    if (this.#early.take(request.id)) this.cancel(request.id);
    else if (received.kind === "checking") void this.#check(call, endpoint, received.checked);
    else this.#handOn(call, endpoint);
  }

  async #check(
    call: ReceivedCall,
    endpoint: Endpoint,
    checked: Promise<RpcError | undefined>,
  ): Promise<void> {
    call.ready = false;
    const error = await checked;
    call.ready = true;
    if (error === undefined) return this.#handOn(call, endpoint);
    this.#counts.refused++;
    call.settle({ ok: false, error, ran: "no" });
  }

  /** Nothing waits here: a mailbox that is full refuses for its calls. */
  #handOn(call: ReceivedCall, { mailboxes }: Endpoint): void {
    if (call.withdrawn) return;
    if (mailboxes.deliver(call)) return;
    this.#counts.refused++;
    const error = rejected("resource_exhausted", `The mailbox of "${call.method}" is full`);
    call.settle({ ok: false, error, ran: "no" });
  }

  #unreadable({ id, replyTo, error }: Unreadable): void {
    if (id === undefined || replyTo === undefined) return this.#drop(error.message);
    this.#refuse({ id, replyTo }, error);
  }

  #refuse(request: { readonly id: string; readonly replyTo: string }, error: RpcError): void {
    this.#counts.refused++;
    log.debug(EVENTS.callee.refused, { callId: request.id, method: "direct", error });
    this.#reply({ id: request.id, ok: false, error, ran: "no" }, request);
  }

  /** Sends a reply that no call waits for here; bounded, because nobody asked whether there is room. */
  #reply(reply: Reply, { replyTo }: { readonly replyTo: string }): void {
    if (this.#refusing >= DIRECT_CALLS) return this.#drop("Too many replies are under way");
    this.#refusing++;
    const done = () => this.#refusing--;
    this.#send(reply, { replyTo }, "", this.nowMs() + CALL_TIMEOUT_MS, done);
  }

  #send(
    reply: Reply,
    { replyTo }: { readonly replyTo: string },
    method: string,
    deadlineMs: number,
    done: () => void,
  ): void {
    const untilMs = deadlineMs + EXPIRED_ANSWERED_MS;
    this.#replier.send({
      ...{ reply, method, replyTo, plain: undefined, near: undefined, untilMs },
      done: (sent) => {
        if (!sent) this.#counts.undelivered++;
        done();
      },
    });
  }

  #drop(reason: string): void {
    this.#counts.dropped++;
    log.warn(EVENTS.callee.directRefused, { reason });
  }
}

function rejected(code: "unimplemented" | "resource_exhausted", message: string): RpcError {
  return new RpcError(code, message, { outcome: "rejected" });
}
