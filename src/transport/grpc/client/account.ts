import { createHmac } from "node:crypto";
import { type GrpcMetadata, Metadata } from "../../../deps/grpc.ts";

/** Who a client is, to proxies that ask: RocketMQ's ACL. The secret signs requests and never travels. */
export interface GrpcAccount {
  /** Name of the account. ACL 2.0: the user's name. */
  readonly accessKey: string;
  /** Its secret. ACL 2.0: the user's password. */
  readonly secretKey: string;
  /** Goes with temporary keys of a security token service. */
  readonly securityToken?: string | undefined;
}

/** An account, or a function that is asked for it once a second at most: for keys that are replaced meanwhile. */
export type GrpcAccountSource = GrpcAccount | (() => GrpcAccount);

/** Requests of one client identify themselves alike for as long. */
const SIGNED_FOR_MS = 1_000;
/** What the generated messages are of. */
const CLIENT_VERSION = "5.0.8";

/**
 * Checks an account; what is wrong is said without saying what it is.
 *
 * @throws {TypeError} when a key is missing or empty
 */
export function checkAccount(account: GrpcAccount): GrpcAccount {
  for (const name of ["accessKey", "secretKey"] as const) {
    const value: unknown = account?.[name];
    if (typeof value !== "string" || value === "") {
      throw new TypeError(`Cannot use 'credentials': '${name}' must be a text that is not empty`);
    }
  }
  return account;
}

/** What every request of one client says of it. */
export class Identity {
  readonly clientId: string;
  readonly #account: GrpcAccountSource | undefined;
  readonly #namespace: string | undefined;
  #metadata: GrpcMetadata | undefined;
  #signedAt = 0;

  /**
   * @param clientId what the proxy knows the client by
   * @param account who it is, where proxies ask
   * @param namespace what its topics and groups are kept apart by
   */
  constructor(clientId: string, account: GrpcAccountSource | undefined, namespace: string | undefined) {
    this.clientId = clientId;
    this.#account = account;
    this.#namespace = namespace;
  }

  /**
   * The metadata of a request made now. gRPC copies it, so that requests can share one.
   *
   * @param nowMs the wall clock, which servers compare signatures with
   * @throws {TypeError} when the account is none
   */
  metadata(nowMs: number): GrpcMetadata {
    if (this.#metadata !== undefined && Math.abs(nowMs - this.#signedAt) < SIGNED_FOR_MS) {
      return this.#metadata;
    }
    this.#signedAt = nowMs;
    return this.#metadata = this.#sign(nowMs);
  }

  #sign(nowMs: number): GrpcMetadata {
    const metadata = new Metadata();
    const time = dateTime(nowMs);
    metadata.set("x-mq-protocol", "v2");
    metadata.set("x-mq-client-id", this.clientId);
    metadata.set("x-mq-date-time", time);
    // Proxies look the language up in a list that has neither this one nor JavaScript.
    metadata.set("x-mq-language", "HTTP");
    metadata.set("x-mq-client-version", CLIENT_VERSION);
    if (this.#namespace !== undefined) metadata.set("x-mq-namespace", this.#namespace);
    if (this.#account === undefined) return metadata;
    const account = checkAccount(typeof this.#account === "function" ? this.#account() : this.#account);
    if (account.securityToken !== undefined) metadata.set("x-mq-session-token", account.securityToken);
    metadata.set("authorization", authorization(account, time));
    return metadata;
  }
}

/** What shows that a request was made by an account: the signature of its time. */
export function authorization({ accessKey, secretKey }: GrpcAccount, time: string): string {
  const signature = createHmac("sha1", secretKey).update(time).digest("hex").toUpperCase();
  return `MQv2-HMAC-SHA1 Credential=${accessKey}, SignedHeaders=x-mq-date-time, Signature=${signature}`;
}

/** `20260913T063059Z`. */
function dateTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}
