import { aclConfig, aclFile, type AclSettings, proxyAclConfig } from "./acl.ts";
import { type BrokerHandle, JvmBroker } from "./broker.ts";
import { brokerConfig, homeFiles, nameServerConfig, proxyConfig } from "./configuration.ts";
import { BrokerUnavailable } from "./errors.ts";
import { DEFAULT_VERSION, isOldLine, javaClassPath } from "./jars.ts";
import { startProgram } from "./jvm.ts";
import { BROKER_PORTS, findPort } from "./ports.ts";
import { addressInRoute, answersFrame, answersHttp2 } from "./probe.ts";
import type { JvmProcess } from "./process.ts";
import { type ProbeTls, probeTls, proxyTlsConfig, tlsProperties, type TlsSettings } from "./tls.ts";
import { waitUntil } from "./wait.ts";

const DEFAULT_TIMEOUT_MS = 60_000;
/** They are named by letters. */
const MAX_BROKERS = 26;

/** What a cluster is made of. */
export interface ClusterOptions {
  /** Number of master brokers; default 1. */
  brokers?: number;
  /** Replicas of each master; default 0. What they do while their master is gone is up to the configuration. */
  replicas?: number;
  /** Default "DefaultCluster". */
  clusterName?: string;
  /** Joins this name server, which runs already, instead of starting one: then names must differ. */
  nameServer?: string;
  /** How many letters the names of its brokers leave out: 1 begins with "broker-b". Default 0. */
  namesFrom?: number;
  /** Start the gRPC proxy too; default false. */
  proxy?: boolean;
  /** Extra lines of namesrv.conf; they win over the launcher's own. */
  nameServerConfig?: Readonly<Record<string, string>>;
  /** Extra lines of broker.conf for every broker, replicas included; they win over the launcher's own. */
  brokerConfig?: Readonly<Record<string, string>>;
  /** Brokers, and the proxy, let in who proves to be one of these; default: everybody. */
  acl?: AclSettings;
  /** Name server, brokers and proxy show a certificate; default: none. */
  tls?: TlsSettings;
  /** "5.5.0" (default) or "4.9.7". */
  version?: string;
  /** Ends the start; what runs already is stopped. */
  signal?: AbortSignal;
  /** For the start, and for each restart of a broker; default 60 000. */
  timeoutMs?: number;
}

/** A RocketMQ cluster of its own, in processes and a temporary folder that go when it is disposed. */
export interface Cluster extends AsyncDisposable {
  /** "127.0.0.1:port". */
  readonly nameServer: string;
  /** In the order of their names: broker-a, broker-b, ... */
  readonly brokers: readonly BrokerHandle[];
  /** Those of broker-a, then those of broker-b, ...; each has its master's name. */
  readonly replicas: readonly BrokerHandle[];
  /** "127.0.0.1:port" of gRPC; undefined when not asked for. */
  readonly proxy: string | undefined;
  /** The proxy's process, to be disturbed; undefined when not asked for. */
  readonly proxyHandle: BrokerHandle | undefined;
  /** Temporary folder with stores and logs; kept on disposal if ROCKET_ACTORS_KEEP_LOGS is set. */
  readonly directory: string;
  /** Tail of every process's log, for a failing test's message. */
  logs(): Promise<string>;
}

/**
 * Starts a cluster of its own from jars, never one found in the environment: for tests that kill brokers.
 *
 * @throws {RangeError} when the number of brokers is not from 1 to 26
 * @throws {BrokerUnavailable} when Java, Maven or the jars are missing; the message says what to install
 * @throws {ClusterFailed} when a process ends early or does not answer in time
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const version = options.version ?? DEFAULT_VERSION;
  const brokers = options.brokers ?? 1;
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > MAX_BROKERS) {
    throw new RangeError(`brokers is ${brokers}; it has to be a whole number from 1 to ${MAX_BROKERS}`);
  }
  if (options.proxy === true && isOldLine(version)) {
    throw new BrokerUnavailable(`RocketMQ ${version} has no proxy: it came with 5.0`);
  }
  const classPath = await javaClassPath(version, options.signal);
  const directory = await Deno.makeTempDir({ prefix: "rocket-actors-" });
  const cluster = new JvmCluster(options, classPath, directory);
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

class JvmCluster implements Cluster {
  readonly nameServer: string;
  readonly brokers: JvmBroker[] = [];
  readonly replicas: JvmBroker[] = [];
  readonly directory: string;
  readonly #options: ClusterOptions;
  readonly #classPath: string;
  readonly #clusterName: string;
  /** The name server; brokers and the proxy change their process when they restart. */
  readonly #others: JvmProcess[] = [];
  #probeTls: ProbeTls | undefined;
  #proxy: JvmBroker | undefined;
  #signal: AbortSignal | undefined;

  constructor(options: ClusterOptions, classPath: string, directory: string) {
    this.#options = options;
    this.#classPath = classPath;
    this.#clusterName = options.clusterName ?? "DefaultCluster";
    this.#signal = options.signal;
    this.directory = directory;
    this.nameServer = options.nameServer ?? `127.0.0.1:${findPort()}`;
  }

  get proxy(): string | undefined {
    return this.#proxy?.address;
  }

  get proxyHandle(): BrokerHandle | undefined {
    return this.#proxy;
  }

  async start(): Promise<void> {
    const deadlineMs = this.#newDeadline();
    this.#probeTls = await probeTls(this.#options.tls);
    if (this.#options.nameServer === undefined) await this.#startNameServer(deadlineMs);
    const count = this.#options.brokers ?? 1;
    for (let index = 0; index < count; index++) this.brokers.push(await this.#addBroker(index, 0));
    await Promise.all(this.brokers.map((broker) => broker.ready()));
    for (let index = 0; index < count; index++) await this.#addReplicas(index);
    await Promise.all(this.replicas.map((replica) => replica.ready()));
    if (this.#options.proxy === true) await this.#startProxy();
    // The signal is for the start; it must not fail a later restart of a broker.
    this.#signal = undefined;
  }

  async logs(): Promise<string> {
    return (await Promise.all(this.#processes().map((process) => process.logTail()))).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nobody needs what is in the store: SIGTERM would take a broker up to 15 s.
    await Promise.all(this.#processes().map((process) => process.kill()));
    if (Deno.env.get("ROCKET_ACTORS_KEEP_LOGS")) return;
    await Deno.remove(this.directory, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }

  #processes(): readonly JvmProcess[] {
    const proxy = this.#proxy === undefined ? [] : [this.#proxy.process];
    const brokers = [...this.brokers, ...this.replicas].map((broker) => broker.process);
    return [...this.#others, ...brokers, ...proxy];
  }

  #newDeadline(): number {
    return performance.now() + (this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  }

  async #startNameServer(deadlineMs: number): Promise<void> {
    const directory = await this.#makeHome("namesrv");
    const config = `${directory}/namesrv.conf`;
    await Deno.writeTextFile(config, this.#nameServerConfig(directory));
    const process = startProgram({
      program: "namesrv",
      name: "name server",
      classPath: this.#classPath,
      directory,
      args: ["-c", config],
      properties: tlsProperties(this.#options.tls),
    });
    this.#others.push(process);
    const check = () => answersFrame(this.nameServer, this.#probeTls);
    await waitUntil(`the name server to answer at ${this.nameServer}`, check, {
      deadlineMs,
      processes: [process],
      signal: this.#signal,
    });
  }

  #nameServerConfig(directory: string): string {
    const port = Number(this.nameServer.split(":")[1]);
    return nameServerConfig(port, directory, this.#options.nameServerConfig);
  }

  async #addReplicas(index: number): Promise<void> {
    const replicas = this.#options.replicas ?? 0;
    for (let id = 1; id <= replicas; id++) this.replicas.push(await this.#addBroker(index, id));
  }

  async #addBroker(index: number, id: number): Promise<JvmBroker> {
    const letter = (this.#options.namesFrom ?? 0) + index;
    const name = `broker-${String.fromCharCode("a".charCodeAt(0) + letter)}`;
    const logName = id === 0 ? name : `${name}-${id}`;
    const directory = await this.#makeHome(logName);
    const port = findPort(BROKER_PORTS);
    const config = `${directory}/broker.conf`;
    await Deno.writeTextFile(
      config,
      brokerConfig({
        ...{ name, id, port, directory, clusterName: this.#clusterName, nameServer: this.nameServer },
        extra: { ...this.#aclConfig(), ...this.#options.brokerConfig },
      }),
    );
    const start = {
      program: "broker",
      name: logName,
      directory,
      args: ["-c", config],
      properties: tlsProperties(this.#options.tls),
    } as const;
    const host = {
      start: (classPath: string) => startProgram({ ...start, classPath }),
      classPath: (version: string) => javaClassPath(version),
      ready: (process: JvmProcess, address: string) => this.#brokerReady(name, id, process, address),
    };
    return new JvmBroker(name, `127.0.0.1:${port}`, host, this.#classPath);
  }

  #aclConfig(): Readonly<Record<string, string>> {
    const { acl, version = DEFAULT_VERSION } = this.#options;
    return acl === undefined ? {} : aclConfig(acl, version);
  }

  #brokerReady(name: string, id: number, process: JvmProcess, address: string): Promise<void> {
    // Every broker makes this topic, also one that creates no topics by itself.
    const topic = `${this.#clusterName}_REPLY_TOPIC`;
    const check = async () =>
      await answersFrame(address, this.#probeTls) &&
      await addressInRoute(this.nameServer, topic, { name, id }, this.#probeTls) === address;
    return waitUntil(`${name} to answer and to be in the route`, check, {
      deadlineMs: this.#newDeadline(),
      processes: [process],
      signal: this.#signal,
    });
  }

  async #startProxy(): Promise<void> {
    const directory = await this.#makeHome("proxy");
    const ports = { grpc: findPort(), remoting: findPort() };
    const config = `${directory}/rmq-proxy.json`;
    const { acl, tls } = this.#options;
    const extra = {
      ...(acl === undefined ? {} : proxyAclConfig(acl)),
      ...(tls === undefined ? {} : proxyTlsConfig(tls)),
    };
    await Deno.writeTextFile(config, proxyConfig(this.#clusterName, this.nameServer, ports, extra));
    const start = {
      program: "proxy",
      name: "proxy",
      directory,
      args: ["-pc", config, "-n", this.nameServer, "-pm", "cluster"],
    } as const;
    const host = {
      start: (classPath: string) => startProgram({ ...start, classPath }),
      classPath: (version: string) => javaClassPath(version),
      ready: (process: JvmProcess, address: string) =>
        waitUntil(`the proxy to answer at ${address}`, () => answersHttp2(address), {
          deadlineMs: this.#newDeadline(),
          processes: [process],
          signal: this.#signal,
        }),
    };
    this.#proxy = new JvmBroker("proxy", `127.0.0.1:${ports.grpc}`, host, this.#classPath);
    try {
      await this.#proxy.ready();
    } catch (error) {
      // It ends where its broker is slow to make a topic that it needs; whoever runs one starts it again.
      if (this.#proxy.process.running) throw error;
      await this.#proxy.restart();
    }
  }

  async #makeHome(name: string): Promise<string> {
    const directory = `${this.directory}/${name}`;
    await Deno.mkdir(`${directory}/conf`, { recursive: true });
    const { acl, version = DEFAULT_VERSION } = this.#options;
    const files = [...homeFiles(version), ...(acl === undefined ? [] : aclFile(acl, version))];
    for (const [path, text] of files) {
      await Deno.writeTextFile(`${directory}/${path}`, text);
    }
    return directory;
  }
}
