import type { InboundCall } from "../../src/call/inbound.ts";
import type { RpcError } from "../../src/errors/rpc_error.ts";
import { FifoMailbox } from "./mailbox.ts";
import { refuse } from "./refuse.ts";
import type { MailboxBounds } from "./room.ts";
import type { Run } from "./run.ts";

/** The calls that wait for an actor: those in its mailbox, and before them one whose handler crashed. */
export class Backlog {
  readonly #bounds: MailboxBounds;
  readonly #onRoom: () => void;
  /** Made by the first call that has to wait: most actors of an entity never have one. */
  #mailbox: FifoMailbox | undefined;
  #crashed: Run | undefined;

  constructor(bounds: MailboxBounds, onRoom: () => void) {
    this.#bounds = bounds;
    this.#onRoom = onRoom;
  }

  /** Calls in the mailbox. */
  get depth(): number {
    return this.#mailbox?.size ?? 0;
  }

  /** Whether no call waits. */
  get empty(): boolean {
    return this.#crashed === undefined && this.depth === 0;
  }

  /** Takes a call, or refuses it with `false`; then `onRoom` is called when there is room. */
  put(call: InboundCall): boolean {
    this.#mailbox ??= new FifoMailbox(this.#bounds, this.#onRoom);
    return this.#mailbox.put(call);
  }

  /** Takes the run of a call that is to run again before all others. */
  putBack(crashed: Run): void {
    this.#crashed = crashed;
  }

  /** The call that crashed, if there is one. */
  takeBack(): Run | undefined {
    const crashed = this.#crashed;
    this.#crashed = undefined;
    return crashed;
  }

  /** The next call of the mailbox. */
  take(): InboundCall | undefined {
    return this.#mailbox?.take();
  }

  /** Answers all calls that wait; one that has run already fails, and says why. */
  turnAway(refusal: RpcError, why: string): void {
    this.takeBack()?.fail(`handler crashed, ${why}`);
    for (let call = this.take(); call !== undefined; call = this.take()) refuse(call, refusal);
  }

  /** Drops the calls that were given up: they are another instance's. */
  dropWithdrawn(): void {
    this.#mailbox?.dropWithdrawn();
    if (this.#crashed?.call.withdrawn === true) this.takeBack()?.call.drop();
  }
}
