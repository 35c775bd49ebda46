import type { Code } from "../../errors/code.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { ResponseCode } from "../../rocketmq/remote/codes.ts";
import { REFUSED_RETRY_MS } from "./defaults.ts";
import { RocketMqError } from "../../rocketmq/error.ts";

/** Refusals of a send that certainly stored nothing, by the code a caller sees. Others leave it unknown. */
const NOT_STORED: ReadonlyMap<number, Code> = new Map<number, Code>([
  [ResponseCode.SYSTEM_BUSY, "unavailable"],
  [ResponseCode.REQUEST_CODE_NOT_SUPPORTED, "unimplemented"],
  [ResponseCode.MESSAGE_ILLEGAL, "invalid_argument"],
  [ResponseCode.SERVICE_NOT_AVAILABLE, "unavailable"],
  [ResponseCode.NO_PERMISSION, "permission_denied"],
  [ResponseCode.TOPIC_NOT_EXIST, "unavailable"],
  [ResponseCode.INVALID_PARAMETER, "failed_precondition"],
  [ResponseCode.FLOW_CONTROL, "unavailable"],
]);

/** Turns what a send or look-up failed with into what a caller is told. Signals' reasons pass unchanged. */
export function toRpcError(error: unknown): unknown {
  if (!(error instanceof RocketMqError)) return error;
  const { kind, responseCode, message } = error;
  if (kind === "not_sent") return new RpcError("unavailable", message, { outcome: "not_sent", cause: error });
  const code = responseCode === undefined ? undefined : NOT_STORED.get(responseCode);
  if (code !== undefined) return new RpcError(code, message, { outcome: "not_sent", cause: error });
  return new RpcError("unavailable", message, { outcome: "sent_unknown", cause: error });
}

/**
 * The same for a message on its way out, whose own faults (an empty body, a name that cannot be written) are the
 * errors of whoever encodes it. A signal's reason passes unchanged, even when it looks like one of these.
 */
export function toSendError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted && error === signal.reason) return error;
  if (!(error instanceof TypeError || error instanceof RangeError)) return toRpcError(error);
  return new RpcError("invalid_argument", error.message, { outcome: "not_sent", cause: error });
}

/** The same for steps that store nothing, whose failure is never more than `not_sent`. */
export function toNotSent(error: unknown): unknown {
  const converted = toRpcError(error);
  if (!(converted instanceof RpcError) || converted.outcome === "not_sent") return converted;
  return new RpcError(converted.code, converted.message, { outcome: "not_sent", cause: error });
}

/**
 * Whether a server answered with that response code to a client that it knows: a wrong account says nothing about what
 * was asked for, and is nothing to go on with.
 */
export function isRefusal(error: unknown, responseCode: number): boolean {
  return error instanceof RocketMqError && error.responseCode === responseCode && error.access !== "identity";
}

/** How long to wait until what failed is tried again: what an account may not do it may not a moment later, either. */
export function retryAfterMs(error: unknown, backoffMs: number): number {
  const refused = error instanceof RocketMqError && error.access !== undefined;
  return refused ? REFUSED_RETRY_MS + backoffMs : backoffMs;
}

/** Whether a send that failed with this has certainly stored nothing. */
export function isNotSent(error: unknown): boolean {
  const converted = toRpcError(error);
  return converted instanceof RpcError && converted.outcome === "not_sent";
}
