import type { CallOptions } from "../contract/call_options.ts";
import type { Contract, MethodSettings } from "../contract/types.ts";

/** One invocation as the caller's side carries it, from the proxy to the request. */
export interface Call {
  readonly contract: Contract;
  readonly method: string;
  /** Whether it waits for a reply. */
  readonly kind: "call" | "oneway";
  readonly settings: MethodSettings;
  /** The entity's key; `undefined` for services, whose keys come from the input. */
  readonly key: string | undefined;
  readonly input: unknown;
  readonly options: CallOptions;
}

/** Sends a call and resolves with what its handler answered. Rejects with an `RpcError` only. */
export type Invoke = (call: Call) => Promise<unknown>;
