import type { CredentialsSource } from "../../rocketmq/remote/credentials.ts";
import type { TlsOptions } from "../../rocketmq/remote/tls.ts";
import type { ReplyStrategy } from "./reply_address.ts";

/** How a transport finds its brokers, and how it proves to them who it is. */
export interface RemotingOptions {
  /** The name servers, `host:port;host:port`. */
  readonly nameServers: string;
  /**
   * Keeps topics and groups apart from those of other users of the cluster, who may have the same contracts: servers
   * know them as `namespace%topic`. 1 to 64 letters, digits, `_` and `-`. Default: none.
   */
  readonly namespace?: string | undefined;
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
  /**
   * How replies, and whatever else is sent to this instance past all queues, reach it.
   *
   * - `"push"`: its brokers push them. The least delay; but a process that dies while replies are pushed to it holds one
   *   of each broker's few reply threads per responder for ten seconds.
   * - `"topic"`: it pulls them from the topic `rpc-replies`, which is made at the start. Nothing that dies holds up anybody
   *   else, and no reply is missed while a broker restarts: for large fleets, and for brokers whose request-reply others
   *   use as well.
   *
   * Callers and callees of both kinds understand each other. Default: `"push"`.
   */
  readonly replies?: ReplyStrategy | undefined;
}
