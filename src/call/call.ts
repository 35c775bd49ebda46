import type { CallOptions } from "../contract/call_options.ts";
import type { Contract, MethodSettings } from "../contract/types.ts";

/** One invocation as the caller's side carries it, from the proxy to the request. */
export interface Call {
  /** What is called. */
  readonly contract: Contract;
  /** Which of its methods. */
  readonly method: string;
  /** Whether it waits for a reply. */
  readonly kind: "call" | "oneway";
  /** What the contract says about the method. */
  readonly settings: MethodSettings;
  /** The entity's key; `undefined` for services, whose keys come from the input. */
  readonly key: string | undefined;
  /** What the method takes, as the caller passed it. */
  readonly input: unknown;
  /** What the caller asked for besides. */
  readonly options: CallOptions;
}

/** Sends a call and resolves with what its handler answered. Rejects with an `RpcError` only. */
export type Invoke = (call: Call) => Promise<unknown>;
