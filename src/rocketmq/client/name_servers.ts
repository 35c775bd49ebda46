import { type Random, systemRandom } from "../../async/random.ts";
import { RocketMqError } from "../error.ts";
import { parseAddress } from "../remote/address.ts";
import { RequestCode, ResponseCode } from "../remote/codes.ts";
import type { Command, RequestCommand } from "../remote/command.ts";
import { expectSuccess } from "../remote/response.ts";
import { asObject, asText, readJsonBody } from "./json.ts";
import type { RequestOptions } from "./request_options.ts";

/** Sends a request to an address; resolves with the answer, whatever its code. */
export type SendRequest = (
  address: string,
  request: RequestCommand,
  options?: RequestOptions,
) => Promise<Command>;

/** An answer and who gave it. */
export interface NameServerAnswer {
  /** The name server, `host:port`. */
  readonly address: string;
  /** Whatever its code. */
  readonly response: Command;
}

/** The name servers: starts at a random one, stays there, goes to the next when it fails. */
export class NameServers {
  /** Their addresses, `host:port`. */
  readonly addresses: readonly string[];
  readonly #send: SendRequest;
  #current: number;

  /**
   * Asks nobody yet.
   *
   * @param list `host:port;host:port`
   * @param send carries a request to one of them
   * @throws TypeError when the list is empty or an address malformed
   */
  constructor(list: string, send: SendRequest, random: Random = systemRandom) {
    this.addresses = list.split(";").map((address) => address.trim()).filter((address) => address !== "");
    if (this.addresses.length === 0) {
      throw new TypeError('Cannot use name servers "": write them as "host:port;host:port"');
    }
    for (const address of this.addresses) parseAddress(address);
    this.#send = send;
    this.#current = Math.min(this.addresses.length - 1, Math.floor(random() * this.addresses.length));
  }

  /**
   * Asks one name server, and when it cannot be reached or does not answer the next, each at most once.
   *
   * @returns the first answer, whatever its code, and who gave it
   * @throws RocketMqError of the last one tried, or the signal's reason
   */
  async request(request: RequestCommand, options: RequestOptions = {}): Promise<NameServerAnswer> {
    const first = this.#current;
    for (let tries = 1;; tries++) {
      const index = (first + tries - 1) % this.addresses.length;
      const address = this.addresses[index] ?? "";
      try {
        const response = await this.#send(address, request, options);
        this.#current = index;
        return { address, response };
      } catch (error) {
        const last = options.signal?.aborted || tries === this.addresses.length;
        if (last || !(error instanceof RocketMqError)) throw error;
      }
    }
  }

  /**
   * Stores a value on every name server; they do not share what they hold.
   *
   * @throws RocketMqError of the first that failed, after all were tried
   */
  async putValue(namespace: string, key: string, value: string, options: RequestOptions = {}): Promise<void> {
    await this.#all({ code: RequestCode.PUT_KV_CONFIG, fields: { namespace, key, value } }, options);
  }

  /**
   * Removes a value from every name server.
   *
   * @throws RocketMqError of the first that failed, after all were tried
   */
  async deleteValue(namespace: string, key: string, options: RequestOptions = {}): Promise<void> {
    await this.#all({ code: RequestCode.DELETE_KV_CONFIG, fields: { namespace, key } }, options);
  }

  /**
   * Reads a value from one name server.
   *
   * @returns `undefined` when there is none
   * @throws RocketMqError when no name server answers, or it refuses
   */
  async getValue(namespace: string, key: string, options: RequestOptions = {}): Promise<string | undefined> {
    const { address, response } = await this.request({
      code: RequestCode.GET_KV_CONFIG,
      fields: { namespace, key },
    }, options);
    if (response.code === ResponseCode.QUERY_NOT_FOUND) return undefined;
    return expectSuccess(response, address).fields["value"];
  }

  /**
   * Reads all values of a namespace from one name server; none when it does not exist.
   *
   * @throws RocketMqError when no name server answers, or it refuses
   */
  async listValues(namespace: string, options: RequestOptions = {}): Promise<ReadonlyMap<string, string>> {
    const request = { code: RequestCode.GET_KVLIST_BY_NAMESPACE, fields: { namespace } };
    const { address, response } = await this.request(request, options);
    if (response.code === ResponseCode.QUERY_NOT_FOUND) return new Map();
    return readJsonBody(expectSuccess(response, address), address, (value) => {
      const table = asObject(asObject(value, "The body")["table"], "table");
      return new Map(Object.entries(table).map(([key, text]) => [key, asText(text, key)]));
    });
  }

  async #all(request: RequestCommand, options: RequestOptions): Promise<void> {
    const results = await Promise.allSettled(this.addresses.map(async (address) => {
      expectSuccess(await this.#send(address, request, options), address);
    }));
    for (const result of results) {
      if (result.status === "rejected") throw result.reason;
    }
  }
}
