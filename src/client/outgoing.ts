import type { Request } from "../envelope/request.ts";
import type { RpcError } from "../errors/rpc_error.ts";
import type { QueueRef, SendReceipt } from "../transport/transport.ts";
import { MAX_IN_FLIGHT } from "./defaults.ts";

/** A request on its way out, and whom to tell. */
export interface Outgoing {
  readonly request: Request;
  readonly method: string;
  /** `false` once its call is over: then it goes nowhere. */
  readonly live: boolean;
  /**
   * Asked right before the transport gets it; `false` when its call is over.
   *
   * @param queue where it goes
   * @param plan the number of the queue plan by which it goes there; 0 where none is declared, or none matters
   */
  handOver(queue: QueueRef, plan: number): boolean;
  /** It is stored. Told for one-way calls only: the others wait for their reply. */
  stored(receipt: SendReceipt): void;
  /** Its send failed: whether the broker may have it is the error's outcome. Not called after `handOver` said no. */
  sendFailed(error: RpcError): void;
}

/**
 * Those that wait, to add one more to. What is over stays among them while sends and look-ups hang: no more of it
 * than of calls that can be under way.
 */
export function pruned<T extends Outgoing>(waiting: T[]): T[] {
  return waiting.length > 2 * MAX_IN_FLIGHT ? waiting.filter(({ live }) => live) : waiting;
}
