import type { MethodSettings } from "../contract/types.ts";
import type { Request } from "../envelope/request.ts";
import type { Delivery, PlainRequest } from "../transport/transport.ts";

/** Everything about a call that is fixed when it is received; input and key once its input has been checked. */
export interface CallFacts {
  readonly request: Request;
  readonly method: string;
  readonly settings: MethodSettings;
  readonly input: unknown;
  /** An entity's, or that of the input of an ordered method. */
  readonly key: string | undefined;
  readonly delivery: Delivery;
  readonly deadlineMs: number;
  readonly attempt: number;
  /** Set where the requester is a plain RocketMQ client. */
  readonly plain: PlainRequest | undefined;
  /** Its place among the calls of its message, from 0. */
  readonly index: number;
}
