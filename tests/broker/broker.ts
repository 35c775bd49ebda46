import type { JvmProcess } from "./process.ts";

/** SIGTERM takes a broker up to 15 s. */
const STOP_TIMEOUT_MS = 30_000;

/** One broker of a test cluster, to be disturbed. */
export interface BrokerHandle {
  /** Its name in the route. */
  readonly name: string;
  /** host:port; the same over restarts. */
  readonly address: string;
  /** Process id of the running, or last, JVM. */
  readonly pid: number;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  /** SIGCONT, after {@linkcode BrokerHandle.pause}. */
  resume(): void;
  /**
   * Starts it again on the same port and store; resolves when it answers and its route is at the name server.
   *
   * @param version another one than it was: "5.5.0", "4.9.7"
   * @throws when it still runs
   * @throws {ClusterFailed} when it ends or does not answer in time
   */
  restart(version?: string): Promise<void>;
  /** SIGTERM; resolves when the process is gone, by SIGKILL after 30 s at the latest. */
  stop(): Promise<void>;
}

/** What a broker needs from its cluster. */
export interface BrokerHost {
  /** Starts the JVM with the jars of a version. */
  start(classPath: string): JvmProcess;
  /** Finds the jars of a version. */
  classPath(version: string): Promise<string>;
  /** Waits until the broker answers at its address and the cluster's route has it. */
  ready(process: JvmProcess, address: string): Promise<void>;
}

/** A broker that runs from jars. */
export class JvmBroker implements BrokerHandle {
  readonly name: string;
  readonly address: string;
  readonly #host: BrokerHost;
  #classPath: string;
  #process: JvmProcess;

  /** Starts it; {@linkcode JvmBroker.ready} waits for it. */
  constructor(name: string, address: string, host: BrokerHost, classPath: string) {
    this.name = name;
    this.address = address;
    this.#host = host;
    this.#classPath = classPath;
    this.#process = host.start(classPath);
  }

  /** The running, or last, process. */
  get process(): JvmProcess {
    return this.#process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Resolves when it answers and its route is at the name server. */
  ready(): Promise<void> {
    return this.#host.ready(this.#process, this.address);
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  pause(): void {
    this.#process.signal("SIGSTOP");
  }

  resume(): void {
    this.#process.signal("SIGCONT");
  }

  async restart(version?: string): Promise<void> {
    if (this.#process.running) throw new Error(`${this.name} still runs: kill() or stop() it first`);
    if (version !== undefined) this.#classPath = await this.#host.classPath(version);
    this.#process = this.#host.start(this.#classPath);
    await this.ready();
  }

  stop(): Promise<void> {
    return this.#process.stop(STOP_TIMEOUT_MS);
  }
}
