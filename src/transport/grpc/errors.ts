import type { Code } from "../../errors/code.ts";
import { RpcError } from "../../errors/rpc_error.ts";
import { ProxyCode } from "./client/codes.ts";
import { ProxyError } from "./client/error.ts";

/** Refusals of a send that certainly stored nothing, by the code a caller sees. Others leave it unknown. */
const NOT_STORED: ReadonlyMap<number, Code> = new Map<number, Code>([
  // While a broker is away, proxies say so of topics that they know well.
  [ProxyCode.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE, "unavailable"],
  [ProxyCode.TOPIC_NOT_FOUND, "unavailable"],
  [ProxyCode.CONSUMER_GROUP_NOT_FOUND, "failed_precondition"],
  [ProxyCode.TOO_MANY_REQUESTS, "unavailable"],
  [ProxyCode.UNAUTHORIZED, "unauthenticated"],
  [ProxyCode.FORBIDDEN, "permission_denied"],
  [ProxyCode.NOT_IMPLEMENTED, "unimplemented"],
  [ProxyCode.UNSUPPORTED, "unimplemented"],
]);

/** What to do about a refusal. */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [
    ProxyCode.TOPIC_NOT_FOUND,
    "have the topic made by mqadmin updateTopic, as serving the contract says; proxies may take 20 s to notice",
  ],
  [
    ProxyCode.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE,
    "look at the attribute message.type of the topic, and whether its brokers are up",
  ],
  [ProxyCode.TOO_MANY_REQUESTS, "the broker has more to do than it can: send less at a time, or add brokers"],
  [ProxyCode.UNAUTHORIZED, "check 'credentials'"],
  [ProxyCode.FORBIDDEN, "have the account allowed to use the topic and its group"],
  [ProxyCode.NOT_IMPLEMENTED, "use the gRPC address of a RocketMQ 5 proxy, port 8081 by default"],
]);

/** How proxies refuse accounts that they know: by the code for those that they do not. */
const NO_PERMISSION = /has no permission to access/;

/** Codes of what is wrong with a message, as groups of a hundred. */
const FAULTS: ReadonlySet<number> = new Set([400, 413, 431]);

/** Turns what a request failed with into what a caller is told. Signals' reasons pass unchanged. */
export function toRpcError(error: unknown): unknown {
  if (!(error instanceof ProxyError)) return error;
  const { kind } = error;
  const code = NO_PERMISSION.test(error.message) ? ProxyCode.FORBIDDEN : error.code;
  const advice = code === undefined ? undefined : ADVICE.get(code);
  const message = advice === undefined ? error.message : `${error.message}; ${advice}`;
  const because = { cause: error } as const;
  if (kind === "not_sent") return new RpcError("unavailable", message, { outcome: "not_sent", ...because });
  const refusal = kind === "refused" && code !== undefined ? refusalOf(code) : undefined;
  if (refusal !== undefined) return new RpcError(refusal, message, { outcome: "not_sent", ...because });
  return new RpcError("unavailable", message, { outcome: "sent_unknown", ...because });
}

/** The same for steps that store nothing, whose failure is never more than `not_sent`. */
export function toNotSent(error: unknown): unknown {
  const converted = toRpcError(error);
  if (!(converted instanceof RpcError) || converted.outcome === "not_sent") return converted;
  return new RpcError(converted.code, converted.message, { outcome: "not_sent", cause: error });
}

/** Whether a proxy said that there is no such topic. */
export function isAbsent(error: unknown): boolean {
  return error instanceof ProxyError && error.code === ProxyCode.TOPIC_NOT_FOUND;
}

/** Whether a proxy said that this account may not: asking again does not help. */
export function isForbidden(error: unknown): boolean {
  return error instanceof ProxyError && error.kind === "refused" &&
    (error.code === ProxyCode.UNAUTHORIZED || error.code === ProxyCode.FORBIDDEN);
}

/** A failure that stored nothing. */
export function notSent(code: Code, message: string, cause?: unknown): RpcError {
  return new RpcError(code, message, { outcome: "not_sent", cause });
}

/** What a delay is refused with. */
export function heldBack(): RpcError {
  const message = "Cannot hold a message back over gRPC: a topic does so with all of its messages, or none";
  return notSent("unimplemented", message);
}

function refusalOf(code: number): Code | undefined {
  return NOT_STORED.get(code) ?? (FAULTS.has(Math.floor(code / 100)) ? "invalid_argument" : undefined);
}
