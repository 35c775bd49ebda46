import { GrpcStatus, type ServiceError, type StatusObject } from "../../../deps/grpc.ts";
import type { ProtoStatus } from "../../../deps/rocketmq_proto.ts";
import { ProxyCode } from "./codes.ts";

/**
 * What is known of a request that failed. `not_sent`: it never left. `refused`: the proxy answered, and says why.
 * `unknown`: it may have been carried out.
 */
export type ProxyFailure = "not_sent" | "refused" | "unknown";

/** What else is known of a failure. */
export interface ProxyErrorOptions extends ErrorOptions {
  /** RocketMQ's code, where the proxy answered. */
  readonly code?: number | undefined;
}

/** A request to a proxy has failed. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  /** What is known. */
  readonly kind: ProxyFailure;
  /** RocketMQ's code, where the proxy answered. */
  readonly code: number | undefined;

  constructor(kind: ProxyFailure, message: string, { code, ...options }: ProxyErrorOptions = {}) {
    super(message, options);
    this.kind = kind;
    this.code = code;
  }
}

/** How gRPC's own words begin where a request never left this machine. */
const NEVER_LEFT = ["No connection established", "Name resolution failed", "Channel has been shut down"];

/** What gRPC itself says of a request. */
export function fromGrpc(error: Pick<ServiceError, "code" | "details"> | StatusObject): ProxyError {
  const { code, details } = error;
  const name = GrpcStatus[code] ?? code;
  const message = `The proxy does not answer: ${name}: ${details}`;
  const cause = error instanceof Error ? error : undefined;
  switch (code) {
    case GrpcStatus.UNAVAILABLE:
      return new ProxyError(neverLeft(details) ? "not_sent" : "unknown", message, { cause });
    case GrpcStatus.UNIMPLEMENTED:
      return new ProxyError("refused", message, { code: ProxyCode.NOT_IMPLEMENTED, cause });
    case GrpcStatus.INVALID_ARGUMENT:
      return new ProxyError("refused", message, { code: ProxyCode.BAD_REQUEST, cause });
    case GrpcStatus.UNAUTHENTICATED:
      return new ProxyError("refused", message, { code: ProxyCode.UNAUTHORIZED, cause });
    case GrpcStatus.PERMISSION_DENIED:
      return new ProxyError("refused", message, { code: ProxyCode.FORBIDDEN, cause });
    default:
      return new ProxyError("unknown", message, { cause });
  }
}

function neverLeft(details: string): boolean {
  return NEVER_LEFT.some((beginning) => details.startsWith(beginning));
}

/** What a proxy refused something with; the status is taken as it is, whatever its code. */
export function fromStatus(status: ProtoStatus | undefined, what: string): ProxyError {
  const code = status?.getCode();
  const reason = status?.getMessage() ?? "no status";
  return new ProxyError("refused", `The proxy refused ${what}: ${code}: ${reason}`, { code });
}

/** @throws {ProxyError} kind `refused` unless the status is OK */
export function expectOk(status: ProtoStatus | undefined, what: string): void {
  if (status?.getCode() !== ProxyCode.OK) throw fromStatus(status, what);
}
