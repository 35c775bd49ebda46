import { checkAccount, type GrpcAccountSource } from "./client/account.ts";
import { type Endpoint, parseEndpoints } from "./client/endpoints.ts";
import { channelCredentials, type GrpcTlsOptions } from "./client/tls.ts";
import { POLL_MS, POLL_RANGE_MS, REDELIVER_AFTER_MS, REDELIVER_RANGE_MS } from "./defaults.ts";

/** How a transport reaches its proxies, and how it proves to them who it is. */
export interface GrpcOptions {
  /**
   * Where the proxies of the cluster listen for gRPC, `host:port`, several separated by `;`. One is used at a time; when
   * its connection is lost, the next.
   */
  readonly endpoints: string;
  /**
   * Keeps topics and groups apart from those of other users of the cluster, who may have the same contracts: servers
   * know them as `namespace%topic`. 1 to 64 letters, digits, `_` and `-`. Default: none.
   */
  readonly namespace?: string | undefined;
  /**
   * Signs every request, for clusters with ACL. A function is asked again while it is used, so that keys can be replaced.
   * Default: none.
   */
  readonly credentials?: GrpcAccountSource | undefined;
  /**
   * Encrypts the connection. `true`: the proxy must show a certificate that this machine trusts, for the host it is
   * reached by. Default: `false`.
   */
  readonly tls?: boolean | GrpcTlsOptions | undefined;
  /**
   * How long a message that was delivered and is not settled stays invisible, in milliseconds: then it is delivered
   * again, to anyone. Longer than any handler takes; a process that dies keeps its messages for as long. Proxies refuse
   * less than 10,000 unless they are set up otherwise (`minInvisibleTimeMillsForRecv`). From 1,000 to 43,200,000.
   * Default: 30,000.
   */
  readonly redeliverAfterMs?: number | undefined;
  /**
   * How long a receive is held while there is nothing to receive, in milliseconds, and so how long leaving a group takes
   * at most when nothing comes. Proxies take less than 5,000 for 5,000 unless they are set up otherwise
   * (`grpcClientConsumerMinLongPollingTimeoutMillis`). From 100 to 20,000. Default: 5,000.
   */
  readonly pollMs?: number | undefined;
}

/** The same, checked and filled in. */
export interface GrpcSettings {
  readonly endpoints: readonly Endpoint[];
  readonly namespace: string | undefined;
  readonly credentials: GrpcAccountSource | undefined;
  readonly tls: boolean | GrpcTlsOptions;
  readonly redeliverAfterMs: number;
  readonly pollMs: number;
}

const NAMESPACE = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Checks options and fills in what they leave out.
 *
 * @throws {TypeError} when one cannot be read
 * @throws {RangeError} on a number out of its range
 */
export function grpcSettings(options: GrpcOptions): GrpcSettings {
  const { endpoints, namespace, credentials, tls = false, redeliverAfterMs, pollMs } = options;
  if (namespace !== undefined && !NAMESPACE.test(namespace)) {
    throw new TypeError(
      `Cannot use 'namespace': it must be 1 to 64 letters, digits, '_' and '-': current value is ${
        JSON.stringify(namespace)
      }`,
    );
  }
  if (credentials !== undefined && typeof credentials !== "function") checkAccount(credentials);
  channelCredentials(tls);
  return {
    endpoints: parseEndpoints(String(endpoints)),
    namespace,
    credentials,
    tls,
    redeliverAfterMs: within("redeliverAfterMs", redeliverAfterMs ?? REDELIVER_AFTER_MS, REDELIVER_RANGE_MS),
    pollMs: within("pollMs", pollMs ?? POLL_MS, POLL_RANGE_MS),
  };
}

function within(name: string, value: number, { least, most }: { least: number; most: number }): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `Cannot use '${name}': it must be a whole number from ${least} to ${most}: current value is ${value}`,
  );
}
