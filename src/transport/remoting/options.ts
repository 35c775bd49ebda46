import type { CredentialsSource } from "../../rocketmq/remote/credentials.ts";
import type { TlsOptions } from "../../rocketmq/remote/tls.ts";

/** How a transport finds its brokers, and how it proves to them who it is. */
export interface RemotingOptions {
  /** The name servers, `host:port;host:port`. */
  readonly nameServers: string;
  /**
   * Signs every request, for clusters with ACL 1.0 or 2.0. A function is asked at each request, at once, so that keys can
   * be replaced. Default: none.
   */
  readonly credentials?: CredentialsSource | undefined;
  /**
   * Encrypts all connections, to name servers and brokers. `true`: servers must show a certificate that this machine
   * trusts, for the host they are reached by. Default: `false`.
   */
  readonly tls?: boolean | TlsOptions | undefined;
}
