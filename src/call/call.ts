import type { CallOptions } from "../contract/call_options.ts";
import type { Contract, MethodSettings } from "../contract/types.ts";

/** One invocation as the caller's side carries it, from the proxy to the request. */
export interface Call {
  /** The contract that is called. */
  readonly contract: Contract;
  /** The method's name. */
  readonly method: string;
  /** Whether it waits for a reply, for none, or for items. */
  readonly kind: "call" | "oneway" | "stream";
  /** What the method promises. */
  readonly settings: MethodSettings;
  /** The entity's key; `undefined` for services, whose keys come from the input. */
  readonly key: string | undefined;
  /** What the user passed. */
  readonly input: unknown;
  /** What the user said about this call. */
  readonly options: CallOptions;
}

/**
 * Sends a call and resolves with what its handler answered. For a stream that is an `ItemStream`, as soon as
 * its first item or its end has come; what fails before rejects, what fails later is thrown where it is read. Rejects
 * with an `RpcError` only.
 */
export type Invoke = (call: Call) => Promise<unknown>;
