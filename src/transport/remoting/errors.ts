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

/**
 * What to do about a refusal, for its caller and whoever runs the cluster. Those of an access control list say so
 * themselves.
 */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [
    ResponseCode.SYSTEM_BUSY,
    "the broker has more to do than it can: send less at a time, give it faster disks, or add brokers",
  ],
  [
    ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
    "connect to the brokers themselves, of RocketMQ 4.9 or newer: a proxy does not know this request",
  ],
  [ResponseCode.MESSAGE_ILLEGAL, "send a smaller message, or raise 'maxMessageSize' of the broker"],
  [
    ResponseCode.SERVICE_NOT_AVAILABLE,
    "look at the broker: its disk is fuller than 'diskMaxUsedSpaceRatio' allows, it is a replica, or it is stopping",
  ],
  [
    ResponseCode.NO_PERMISSION,
    "have it granted: by the topic (mqadmin updateTopicPerm -p 6), or by the broker ('brokerPermission')",
  ],
  [
    ResponseCode.TOPIC_NOT_EXIST,
    "start an instance that serves the contract, which makes the topic, or have it made by mqadmin updateTopic",
  ],
  [ResponseCode.FLOW_CONTROL, "the broker limits how much it is sent: send less at a time"],
  [ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, "have the group made by mqadmin updateSubGroup"],
]);

/** Turns what a send or look-up failed with into what a caller is told. Signals' reasons pass unchanged. */
export function toRpcError(error: unknown): unknown {
  if (!(error instanceof RocketMqError)) return error;
  const { kind, responseCode } = error;
  const advice = adviceFor(error);
  const message = advice === undefined ? error.message : `${error.message}; ${advice}`;
  if (kind === "not_sent") return new RpcError("unavailable", message, { outcome: "not_sent", cause: error });
  const code = responseCode === undefined ? undefined : NOT_STORED.get(responseCode);
  if (code !== undefined) return new RpcError(code, message, { outcome: "not_sent", cause: error });
  return new RpcError("unavailable", message, { outcome: "sent_unknown", cause: error });
}

function adviceFor({ responseCode, access }: RocketMqError): string | undefined {
  return responseCode === undefined || access !== undefined ? undefined : ADVICE.get(responseCode);
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

/** What a start fails with where no name server answers: what they did, and what that is a sign of. */
export function unreachable(nameServers: string, error: unknown): RpcError {
  const known = error instanceof RocketMqError ? error : undefined;
  const reason = error instanceof Error ? error.message : String(error);
  const message = `Cannot reach a RocketMQ name server at "${nameServers}": ${reason}; ${signOf(known)}`;
  return new RpcError("unavailable", message, { outcome: "not_sent", cause: error });
}

function signOf(error: RocketMqError | undefined): string {
  switch (error?.kind) {
    case "refused":
      return "what answers is a broker or a proxy: use the address of a name server, whose port is 9876 by default";
    case "unknown":
      return "what listens there does not answer as a name server does: check host and port (9876 by default), and " +
        "whether it expects TLS";
    default:
      return "check host and port (9876 by default), and that it runs";
  }
}

/** Says that a topic can be neither written nor read as its route has it, or that its brokers are away. */
export function unusable(topic: string, what: "write" | "read", permitted: boolean): RpcError {
  if (permitted) {
    const message = `No broker of topic "${topic}" has a master now: start one`;
    return new RpcError("unavailable", message, { outcome: "not_sent" });
  }
  const message = `Nobody may ${what} topic "${topic}": change its permission on all brokers: ` +
    `mqadmin updateTopicPerm -n <name servers> -c <cluster> -t '${topic}' -p 6`;
  return new RpcError("permission_denied", message, { outcome: "not_sent" });
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
