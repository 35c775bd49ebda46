import type { Call } from "../call/call.ts";
import type { Reply } from "../envelope/reply.ts";
import type { Request } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Candidate } from "./admission.ts";
import type { Outgoing } from "./packer.ts";
import type { PendingCall, PendingCalls } from "./pending.ts";

/** What a call on its way out needs from its caller. */
export interface CallDesk {
  readonly pending: PendingCalls;
  /** There is room for the call: find out where it goes, and send it. */
  proceed(call: OutboundCall): void;
  /** The call is over, however it ended. */
  over(call: OutboundCall): void;
  /**
   * Decodes what a handler answered.
   *
   * @throws {TypeError} when it is no value of the contract's codec
   */
  decode(body: Uint8Array): unknown;
}

/** One call between its proxy and its reply: waits for room, is sent, and settles the user's promise. */
export class OutboundCall implements PendingCall, Outgoing, Candidate {
  readonly call: Call;
  readonly request: Request;
  readonly #desk: CallDesk;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: RpcError) => void;

  constructor(
    call: Call,
    request: Request,
    desk: CallDesk,
    resolve: (value: unknown) => void,
    reject: (error: RpcError) => void,
  ) {
    this.call = call;
    this.request = request;
    this.#desk = desk;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get id(): string {
    return this.request.id;
  }

  proceed(): void {
    this.#desk.proceed(this);
  }

  handOver(): boolean {
    return this.#desk.pending.handOver(this.id);
  }

  sendFailed(error: RpcError): void {
    this.#desk.pending.fail(this.id, error);
  }

  replied(reply: Reply): void {
    this.#desk.over(this);
    if (!reply.ok) return this.#reject(reply.error);
    if (reply.body === undefined) return this.#resolve(undefined);
    let output: unknown;
    try {
      output = this.#desk.decode(reply.body);
    } catch (cause) {
      const message = "Cannot read the reply: its body is no value of the contract's codec";
      return this.#reject(
        new RpcError("internal", message, { outcome: "executed_reply_lost", callId: this.id, cause }),
      );
    }
    this.#resolve(output);
  }

  failed(error: RpcError): void {
    this.#desk.over(this);
    this.#reject(error);
  }
}
