import { RpcError } from "../errors/rpc_error.ts";

/**
 * Checks for how long a message shall be held back.
 *
 * @param delayMs as given; `undefined` means not at all
 * @param limit the longest delay, or `false` where nothing can be held back
 * @returns whole milliseconds
 * @throws {RpcError} `invalid_argument` or `unimplemented`, both `not_sent`
 */
export function checkDelay(delayMs: number | undefined, limit: number | false): number {
  if (delayMs === undefined || delayMs === 0) return 0;
  if (limit === false) throw refused("unimplemented", "this broker cannot; RocketMQ can from 5.0 on");
  if (delayMs > 0 && delayMs <= limit) return Math.ceil(delayMs);
  throw refused(
    "invalid_argument",
    `'delayMs' must be a number from 0 to ${limit}: current value is ${delayMs}`,
  );
}

function refused(code: "invalid_argument" | "unimplemented", reason: string): RpcError {
  return new RpcError(code, `Cannot hold a message back: ${reason}`, { outcome: "not_sent" });
}
