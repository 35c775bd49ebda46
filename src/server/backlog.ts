import type { Deliver } from "../call/inbound.ts";
import { KeyLines } from "./key_lines.ts";
import type { ReceivedCall } from "./received_call.ts";

/**
 * The calls of one partition on their way to mailboxes: in queue order as long as there is room, and before them those
 * that come back for another attempt. A call that may be what kills the process has the partition to itself.
 */
export class Backlog {
  readonly #deliver: Deliver;
  readonly #open: () => boolean;
  readonly #onPumped: () => void;
  /** In queue order, from `#head` on. */
  #waiting: ReceivedCall[] = [];
  #head = 0;
  readonly #back: ReceivedCall[] = [];
  readonly #lines = new KeyLines<ReceivedCall>();
  #pumping = false;
  /** Calls handed to a mailbox that have no result yet. */
  #atWork = 0;
  #alone: ReceivedCall | undefined;

  /**
   * @param deliver hands a call on, if there is room
   * @param open whether calls may be handed on at all
   * @param onPumped told when as many as possible were handed on
   */
  constructor(deliver: Deliver, open: () => boolean, onPumped: () => void) {
    this.#deliver = deliver;
    this.#open = open;
    this.#onPumped = onPumped;
  }

  /** Whether no call waits in queue order. */
  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Adds a call, in queue order. It is handed on by the next {@linkcode Backlog.pump}. */
  add(call: ReceivedCall): void {
    this.#waiting.push(call);
  }

  /** Hands calls on as long as mailboxes have room. To be called again whenever one has. */
  pump(): void {
    // A handler that answers at once comes back here from within: the loop that is running goes on.
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#open() && this.#alone === undefined && (this.#handBack() || this.#handNext()));
    this.#pumping = false;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    }
    this.#onPumped();
  }

  /** The call has its result: nobody stands in line behind it, though its answer may take its time. */
  concluded(call: ReceivedCall): void {
    if (this.#lines.size === 0) return;
    this.#return(this.#lines.leave(call));
    this.pump();
  }

  /** The call is answered, or is no longer here: it takes no part any more. */
  ended(call: ReceivedCall): void {
    this.#left(call);
    if (this.#alone === call) this.#alone = undefined;
    if (this.#lines.size > 0) this.#return(this.#lines.leave(call));
    if (this.#head < this.#waiting.length || this.#back.length > 0) this.pump();
  }

  /**
   * The call waits here for a while, and its key with it. One that must run alone waits alone: others would wait for
   * those in line behind it, whose starts come before theirs, and it for all of them.
   */
  hold(call: ReceivedCall): void {
    this.#left(call);
    this.#lines.hold(call);
    if (call.alone) this.#alone = call;
    if (this.#head < this.#waiting.length) this.pump();
  }

  /** A call that waited comes back. */
  release(call: ReceivedCall): void {
    const calls = this.#lines.back(call);
    if (this.#alone === call) {
      this.#alone = undefined;
      this.#back.unshift(...calls);
    } else this.#return(calls);
    this.pump();
  }

  /** Asked right before a call starts: whether it is its turn among the calls of its key. */
  mayStart(call: ReceivedCall): boolean {
    if (this.#lines.size === 0) return true;
    const verdict = this.#lines.claim(call);
    if (verdict === "go") return true;
    this.#left(call);
    if (verdict === "again") {
      // Not from within: a cell is about to take its next call, or this one is just being handed on.
      queueMicrotask(() => {
        this.#return([call]);
        this.pump();
      });
    }
    return false;
  }

  #handBack(): boolean {
    let full: Set<string> | undefined;
    for (const [index, call] of this.#back.entries()) {
      const mailbox = mailboxOf(call);
      if (full?.has(mailbox)) continue;
      if (this.#handOn(call)) {
        this.#back.splice(index, 1);
        return true;
      }
      // Those for other mailboxes go on: what is at work there may wait until these have started.
      (full ??= new Set()).add(mailbox);
    }
    return false;
  }

  #handNext(): boolean {
    const call = this.#waiting[this.#head];
    if (call === undefined || !call.ready) return false;
    // What stands in line before it has to start first: the record of its start waits for that.
    if (call.alone && (this.#lines.size > 0 || this.#back.length > 0)) return false;
    if (!this.#handOn(call)) return false;
    this.#head++;
    return true;
  }

  #handOn(call: ReceivedCall): boolean {
    if (call.settled || call.handedOn) return true;
    if (call.alone) {
      if (this.#atWork > 0) return false;
      this.#alone = call;
    }
    this.#atWork++;
    call.handedOn = true;
    if (this.#deliver(call)) return true;
    this.#left(call);
    return false;
  }

  #left(call: ReceivedCall): void {
    if (!call.handedOn) return;
    call.handedOn = false;
    this.#atWork--;
    if (this.#alone === call) this.#alone = undefined;
  }

  #return(calls: readonly ReceivedCall[]): void {
    for (const call of calls) {
      if (!call.handedOn && !this.#back.includes(call)) this.#back.push(call);
    }
  }
}

/** Which mailbox a call goes to: its method's, or that of its key where it is an entity's. */
function mailboxOf({ method, settings, key }: ReceivedCall): string {
  return settings.key === undefined && key !== undefined ? `@${key}` : method;
}
