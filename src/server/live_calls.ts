import type { Deliver } from "../call/inbound.ts";
import type { Clock } from "../async/clock.ts";
import { LinkedList } from "../collections/linked_list.ts";
import { Backlog } from "./backlog.ts";
import type { Receipt } from "./receipt.ts";
import type { ReceivedCall } from "./received_call.ts";
import { DuplicateWindow } from "./window.ts";

/** What is told of the calls of one partition. */
export interface LiveListener {
  /** Whether calls may be handed on to mailboxes. */
  open(): boolean;
  /** As many as possible were handed on. */
  pumped(): void;
  /** The call waits here for its next attempt. */
  waits(call: ReceivedCall): void;
  /** Nothing is left to do for the call here. */
  gone(call: ReceivedCall): void;
}

/** The calls of one partition that are here: waiting, in a mailbox, running, or their reply on its way. */
export class LiveCalls {
  /** In the order in which they came. Each has its receipt: the message that is not settled because of it. */
  readonly calls: LinkedList<ReceivedCall> = new LinkedList();
  /** Those on their way to mailboxes. */
  readonly backlog: Backlog;
  /** These and earlier ones, by id. */
  readonly window: DuplicateWindow;
  readonly #listener: LiveListener;

  constructor(deliver: Deliver, clock: Clock, listener: LiveListener) {
    this.backlog = new Backlog(deliver, () => listener.open(), () => listener.pumped());
    this.window = new DuplicateWindow(clock);
    this.#listener = listener;
  }

  /** Adds a call, in queue order. */
  add(call: ReceivedCall, receipt: Receipt): void {
    call.receipt = receipt;
    this.calls.append(call);
    this.backlog.add(call);
  }

  /** The call waits here for its next attempt, and its key with it. */
  hold(call: ReceivedCall): void {
    this.backlog.hold(call);
    this.#listener.waits(call);
  }

  /** Nothing is left to do for the call: its message is settled for it. */
  settle(call: ReceivedCall): void {
    const { receipt } = call;
    if (receipt === undefined) return;
    this.remove(call);
    receipt.done();
    this.#listener.gone(call);
  }

  /** The broker is to deliver the call's message again after that time, in milliseconds. */
  giveBack(call: ReceivedCall, ms: number): void {
    const { receipt } = call;
    if (receipt === undefined) return;
    this.window.forget(call.id);
    this.backlog.ended(call);
    this.remove(call);
    receipt.giveBack(ms);
    this.#listener.gone(call);
  }

  /** The call is no longer this instance's: nothing is settled for it. */
  remove(call: ReceivedCall): void {
    if (call.receipt === undefined) return;
    call.receipt = undefined;
    this.calls.remove(call);
    // A stream that has begun is left when it is over.
    if (!call.stream?.begun) call.observed?.left();
  }
}
