import type { Timer } from "../../async/clock.ts";
import { type Random, systemRandom } from "../../async/random.ts";
import { RocketMqError } from "../error.ts";
import { parseAddress } from "../remote/address.ts";
import { RequestCode, ResponseCode } from "../remote/codes.ts";
import type { Command, RequestCommand } from "../remote/command.ts";
import { expectSuccess, refusal } from "../remote/response.ts";
import { asObject, asText, readJsonBody } from "./json.ts";
import type { RequestOptions } from "./request_options.ts";

/** One that has not answered for this long is not waited for alone any more: the next is asked too. */
const PATIENCE_MS = 1_000;

/** Answers of what is no name server, or is none now: another one may do better. */
const USELESS: ReadonlySet<number> = new Set([
  ResponseCode.SYSTEM_ERROR,
  ResponseCode.SYSTEM_BUSY,
  ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
  ResponseCode.SERVICE_NOT_AVAILABLE,
  ResponseCode.GO_AWAY,
]);

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

/** How {@linkcode NameServers.request} asks. */
export interface NameServerRequestOptions extends RequestOptions {
  /**
   * Whether an answer will do; where it will not, the others are asked as well, and it stands when none has a better
   * one. Default: every answer will.
   */
  readonly accepts?: ((response: Command) => boolean) | undefined;
}

/** What {@linkcode NameServers} are given. */
export interface NameServersOptions {
  /** Carries a request to one of them. */
  readonly send: SendRequest;
  /** Sets a timer. */
  readonly schedule: (ms: number, callback: () => void) => Timer;
  /** Shuffles them. Default: the machine's own. */
  readonly random?: Random | undefined;
}

/** What one name server holds under a key: a value, nothing, or why that is not known. */
export type HeldValue = string | undefined | RocketMqError;

/**
 * The name servers, each of which knows all brokers: asked in an order shuffled once. One that answers is stayed with;
 * one that cannot be reached, or is no name server, is passed over at once, and one that is slow after a second.
 */
export class NameServers {
  /** Their addresses, `host:port`, as they were given. */
  readonly addresses: readonly string[];
  readonly #send: SendRequest;
  readonly #schedule: NameServersOptions["schedule"];
  readonly #order: readonly string[];
  /** The one that answered last. */
  #current = 0;

  /**
   * Asks nobody yet.
   *
   * @param list `host:port;host:port`
   * @throws TypeError when the list is empty or an address malformed
   */
  constructor(list: string, { send, schedule, random = systemRandom }: NameServersOptions) {
    const addresses = list.split(";").map((address) => address.trim()).filter((address) => address !== "");
    this.addresses = [...new Set(addresses)];
    if (this.addresses.length === 0) {
      throw new TypeError('Cannot use name servers "": write them as "host:port;host:port"');
    }
    for (const address of this.addresses) parseAddress(address);
    this.#send = send;
    this.#schedule = schedule;
    this.#order = shuffled(this.addresses, random);
  }

  /**
   * Asks one name server, and further ones as long as none has given an answer to go by, each at most once.
   *
   * @returns the first answer of one that is a name server, whatever its code, and who gave it
   * @throws RocketMqError that names what each of them did, or the signal's reason
   */
  request(request: RequestCommand, options: NameServerRequestOptions = {}): Promise<NameServerAnswer> {
    return new Promise((resolve, reject) => {
      const count = this.#order.length;
      const first = this.#current;
      const failures: RocketMqError[] = [];
      let declined: NameServerAnswer | undefined;
      let asked = 0;
      let over = false;
      let patience: Timer | undefined;
      const end = (): void => {
        over = true;
        patience?.cancel();
      };
      const failed = (error: unknown): void => {
        if (over) return;
        if (options.signal?.aborted || !(error instanceof RocketMqError)) {
          end();
          return reject(error);
        }
        failures.push(error);
        if (failures.length < count) return ask();
        end();
        if (declined === undefined) reject(noneAnswered(failures));
        else resolve(declined);
      };
      const ask = (): void => {
        patience?.cancel();
        if (over || asked === count) return;
        const index = (first + asked++) % count;
        const address = this.#order[index] ?? "";
        if (asked < count) patience = this.#schedule(PATIENCE_MS, ask);
        this.#send(address, request, options).then((response) => {
          if (USELESS.has(response.code)) return failed(refusal(response, address));
          if (over) return;
          if (options.accepts?.(response) === false) {
            declined ??= { address, response };
            return failed(refusal(response, address));
          }
          end();
          this.#current = index;
          resolve({ address, response });
        }, failed);
      };
      ask();
    });
  }

  /**
   * Stores a value on every name server; they do not share what they hold.
   *
   * @throws RocketMqError of the first that failed, after all were tried
   */
  async putValue(namespace: string, key: string, value: string, options: RequestOptions = {}): Promise<void> {
    const request = { code: RequestCode.PUT_KV_CONFIG, fields: { namespace, key, value } };
    await this.#all((address) => this.#expect(address, request, options));
  }

  /**
   * Stores a value on one name server.
   *
   * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
   */
  async putValueAt(
    address: string,
    namespace: string,
    key: string,
    value: string,
    options: RequestOptions = {},
  ): Promise<void> {
    await this.#expect(
      address,
      { code: RequestCode.PUT_KV_CONFIG, fields: { namespace, key, value } },
      options,
    );
  }

  /**
   * Removes a value from every name server.
   *
   * @throws RocketMqError of the first that failed, after all were tried
   */
  async deleteValue(namespace: string, key: string, options: RequestOptions = {}): Promise<void> {
    const request = { code: RequestCode.DELETE_KV_CONFIG, fields: { namespace, key } };
    await this.#all((address) => this.#expect(address, request, options));
  }

  /**
   * Reads a value from one name server.
   *
   * @returns `undefined` when there is none
   * @throws RocketMqError when no name server answers, or it refuses
   */
  async getValue(namespace: string, key: string, options: RequestOptions = {}): Promise<string | undefined> {
    const { address, response } = await this.request(getRequest(namespace, key), options);
    return valueIn(response, address);
  }

  /**
   * Reads a value from every name server, for what has to be right although one of them was away when it was stored.
   *
   * @returns what each of them holds, in the order in which they answered
   * @throws the signal's reason
   */
  async getValues(
    namespace: string,
    key: string,
    options: RequestOptions & {
      /** How long the others have once one has told. Default: as long as that one had. */
      readonly graceMs?: number | undefined;
    } = {},
  ): Promise<ReadonlyMap<string, HeldValue>> {
    const { graceMs, signal } = options;
    const held = new Map<string, HeldValue>();
    const request = getRequest(namespace, key);
    let timer: Timer | undefined;
    await new Promise<void>((resolve, reject) => {
      for (const address of this.#order) {
        const told = (value: HeldValue): void => {
          held.set(address, value);
          if (held.size === this.#order.length) resolve();
          else if (graceMs !== undefined && !(value instanceof RocketMqError)) {
            timer ??= this.#schedule(graceMs, resolve);
          }
        };
        this.#send(address, request, options).then((response) => told(valueIn(response, address)))
          .catch((error) => error instanceof RocketMqError ? told(error) : reject(error));
      }
    }).finally(() => timer?.cancel());
    signal?.throwIfAborted();
    return new Map(held);
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

  async #expect(address: string, request: RequestCommand, options: RequestOptions): Promise<void> {
    expectSuccess(await this.#send(address, request, options), address);
  }

  async #all(work: (address: string) => Promise<void>): Promise<void> {
    for (const result of await Promise.allSettled(this.addresses.map(work))) {
      if (result.status === "rejected") throw result.reason;
    }
  }
}

function getRequest(namespace: string, key: string): RequestCommand {
  return { code: RequestCode.GET_KV_CONFIG, fields: { namespace, key } };
}

function valueIn(response: Command, address: string): string | undefined {
  if (response.code === ResponseCode.QUERY_NOT_FOUND) return undefined;
  return expectSuccess(response, address).fields["value"];
}

function shuffled(addresses: readonly string[], random: Random): string[] {
  const left = [...addresses];
  const order: string[] = [];
  while (left.length > 0) {
    order.push(...left.splice(Math.min(left.length - 1, Math.floor(random() * left.length)), 1));
  }
  return order;
}

function noneAnswered(failures: readonly RocketMqError[]): RocketMqError {
  const last = failures[failures.length - 1];
  if (failures.length === 1 && last !== undefined) return last;
  const kind = failures.every((failure) => failure.kind === "not_sent")
    ? "not_sent"
    : last?.kind ?? "unknown";
  const reasons = failures.map(({ message }) => message).join("; ");
  return new RocketMqError(kind, `No name server gave an answer to go by: ${reasons}`, {
    address: last?.address,
    responseCode: last?.kind === kind ? last?.responseCode : undefined,
    cause: failures,
  });
}
