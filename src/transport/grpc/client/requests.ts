import type { Clock } from "../../../async/clock.ts";
import type { ClientUnaryCall, GrpcMetadata, ServiceError } from "../../../deps/grpc.ts";
import type { ProxyStub } from "../../../deps/rocketmq_proto.ts";
import type { Identity } from "./account.ts";
import type { Connection } from "./connection.ts";
import { REQUEST_TIMEOUT_MS } from "./defaults.ts";
import { fromGrpc } from "./error.ts";

/** How a request is made. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: 3,000 milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/** One of the stub's methods, with its request bound. */
export type Unary<Response> = (
  stub: ProxyStub,
  metadata: GrpcMetadata,
  options: { readonly deadline: number },
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** Whom requests go to, and in whose name. */
export interface Caller {
  readonly connection: Connection;
  readonly identity: Identity;
  readonly clock: Clock;
}

/**
 * Makes a request with one answer, once there is a connection.
 *
 * @throws {ProxyError} what gRPC failed with; the answer's own status is left to the caller
 * @throws {unknown} the signal's reason, unchanged
 */
export async function request<Response>(
  { connection, identity, clock }: Caller,
  start: Unary<Response>,
  { signal, timeoutMs = REQUEST_TIMEOUT_MS }: RequestOptions = {},
): Promise<Response> {
  signal?.throwIfAborted();
  const { stub } = connection.lease ?? await connection.ready(signal, timeoutMs);
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const now = clock.now();
  // gRPC's own timers go by the machine's clock.
  const deadline = Date.now() + timeoutMs;
  const call = start(stub, identity.metadata(now), { deadline }, (error, response) => {
    if (error === null) resolve(response);
    else reject(fromGrpc(error));
  });
  if (signal === undefined) return await promise;
  const onAbort = (): void => {
    reject(signal.reason);
    call.cancel();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
