import { RpcError } from "../../errors/rpc_error.ts";

/** What a start is told whose partition went before it was recorded. */
export function gone(): RpcError {
  return new RpcError("unavailable", "The partition is no longer this instance's", {
    outcome: "sent_unknown",
  });
}

/** A start that is on record. */
export const RECORDED: Promise<void> = Promise.resolve();
