import { Buffer } from "node:buffer";
import { expectSuccess, RocketMqClient, type TlsOptions } from "../../src/rocketmq/mod.ts";
import type { Account } from "./acl.ts";

/** Request codes of the accounts of ACL 2.0. RocketMQ: RequestCode. */
const AUTH_CREATE_USER = 3001;
const AUTH_UPDATE_USER = 3002;
const AUTH_CREATE_ACL = 3006;

/** Makes accounts at one broker of 5.x, as `mqadmin createUser`, `updateUser` and `createAcl` do. */
export class AccessAdmin implements AsyncDisposable {
  readonly #client: RocketMqClient;
  readonly #address: string;

  constructor(nameServers: string, address: string, admin: Account, tls?: TlsOptions) {
    // A broker that has just started is slow to make its first account.
    const requestTimeoutMs = 20_000;
    const clientId = "access-admin";
    this.#client = new RocketMqClient({ nameServers, clientId, credentials: admin, tls, requestTimeoutMs });
    this.#address = address;
  }

  /** An account that may do nothing so far. */
  createUser(account: Account): Promise<void> {
    return this.#user(AUTH_CREATE_USER, account);
  }

  /** Gives it another secret. */
  updateUser(account: Account): Promise<void> {
    return this.#user(AUTH_UPDATE_USER, account);
  }

  /** Lets it do some of `Pub`, `Sub`, `Create`, `Update`, `Delete`, `Get`, `List` with resources such as `Topic:T`. */
  grant(accessKey: string, resources: readonly string[], actions: readonly string[]): Promise<void> {
    const subject = `User:${accessKey}`;
    const entries = resources.map((resource) => ({ resource, actions, sourceIps: [], decision: "Allow" }));
    return this.#ask(AUTH_CREATE_ACL, { subject }, {
      subject,
      policies: [{ policyType: "Custom", entries }],
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.close();
  }

  #user(code: number, { accessKey, secretKey }: Account): Promise<void> {
    const user = { username: accessKey, password: secretKey, userType: "Normal", userStatus: "enable" };
    return this.#ask(code, { username: accessKey }, user);
  }

  async #ask(code: number, fields: Readonly<Record<string, string>>, body: unknown): Promise<void> {
    const request = { code, fields, body: Buffer.from(JSON.stringify(body)) };
    expectSuccess(await this.#client.request(this.#address, request), this.#address);
  }
}
