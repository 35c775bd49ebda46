import { RpcError } from "../errors/rpc_error.ts";

/** What a transport refuses everything with after its end. */
export function closed(): RpcError {
  return new RpcError("unavailable", "The transport is closed", { outcome: "not_sent" });
}
