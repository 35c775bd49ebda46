import { DEFAULT_VERSION, startCluster } from "../../../tests/broker/launcher.ts";
import { type NatsServer, startNats } from "./nats.ts";
import { type RestateServer, startRestate } from "./restate.ts";

/** A machine that does something else meanwhile takes its time. Milliseconds. */
const START_MS = 180_000;

/** A RocketMQ for a run. */
export interface RocketMq {
  /** host:port */
  readonly nameServer: string;
  /** host:port of the gRPC proxy; `undefined` where there is none. */
  readonly proxy: string | undefined;
  /** Processes whose time is the broker's; empty where they are not known. */
  readonly pids: readonly number[];
  /** Of the proxy alone. */
  readonly proxyPids: readonly number[];
}

/** Which servers a run may use. */
export interface ServersOptions {
  /** Whose processor time is the broker's, where the environment names a name server. */
  readonly brokerPid: number | undefined;
  /** Whether the RocketMQ gets a gRPC proxy. */
  readonly proxy: boolean;
}

/** The servers of a run: each starts when the first peer needs it, and stops with the run. */
export class Servers implements AsyncDisposable {
  readonly #options: ServersOptions;
  readonly #stack = new AsyncDisposableStack();
  #rocketMq: Promise<RocketMq> | undefined;
  #rocketMqVersion = "not used";
  #nats: Promise<NatsServer> | undefined;
  #restate: Promise<RestateServer> | undefined;

  constructor(options: ServersOptions) {
    this.#options = options;
  }

  /** Which RocketMQ it is, once somebody uses it. */
  get rocketMqVersion(): string {
    return this.#rocketMqVersion;
  }

  /** The broker that all clients of RocketMQ share: the one that the environment names, or one of its own. */
  rocketMq(): Promise<RocketMq> {
    return this.#rocketMq ??= this.#findRocketMq();
  }

  /** @throws {BrokerUnavailable} when it cannot be built */
  nats(): Promise<NatsServer> {
    return this.#nats ??= startNats().then((server) => this.#stack.use(server));
  }

  /** @throws {BrokerUnavailable} when it cannot be installed */
  restate(): Promise<RestateServer> {
    return this.#restate ??= startRestate().then((server) => this.#stack.use(server));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  async #findRocketMq(): Promise<RocketMq> {
    const { brokerPid, proxy } = this.#options;
    const named = Deno.env.get("ROCKET_ACTORS_NAME_SERVER");
    if (named) {
      this.#rocketMqVersion = "as named by the environment";
      return {
        nameServer: named,
        proxy: Deno.env.get("ROCKET_ACTORS_PROXY") || undefined,
        pids: brokerPid === undefined ? [] : [brokerPid],
        proxyPids: [],
      };
    }
    this.#rocketMqVersion = DEFAULT_VERSION;
    const cluster = this.#stack.use(await startCluster({ proxy, timeoutMs: START_MS }));
    return {
      nameServer: cluster.nameServer,
      proxy: cluster.proxy,
      pids: cluster.brokers.map(({ pid }) => pid),
      proxyPids: cluster.proxyHandle === undefined ? [] : [cluster.proxyHandle.pid],
    };
  }
}
