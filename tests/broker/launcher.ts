/**
 * A RocketMQ for tests: one that runs already, one in Docker, or one started from jars.
 *
 * @module
 */
import { startCluster } from "./cluster.ts";
import { hasDocker, startDocker } from "./docker.ts";
import { endpointsFrom } from "./environment.ts";
import { ClusterFailed } from "./errors.ts";

export type { Account, AclSettings } from "./acl.ts";
export type { BrokerHandle } from "./broker.ts";
export { type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
export { BrokerUnavailable, ClusterFailed } from "./errors.ts";
export { DEFAULT_VERSION, javaClassPath, OLD_VERSION } from "./jars.ts";
export type { TlsSettings } from "./tls.ts";

/** Where a broker for tests can be reached. Disposing stops what was started for it, and nothing else. */
export interface Endpoints extends AsyncDisposable {
  /** host:port; several, separated by semicolons, only if the environment says so. */
  readonly nameServer: string;
  /** host:port of gRPC; undefined when there is none. */
  readonly proxy: string | undefined;
  /** Where it was found. */
  readonly source: "environment" | "docker" | "jars";
}

/** What is asked of {@linkcode findBroker}. */
export interface FindOptions {
  /** Start the gRPC proxy too, where the broker is started; default false. */
  proxy?: boolean;
  signal?: AbortSignal;
}

/**
 * Finds a broker for tests that only use one: ROCKET_ACTORS_NAME_SERVER (with ROCKET_ACTORS_PROXY) if set, else
 * Docker, else jars.
 *
 * @throws {BrokerUnavailable} when there is none; the message says what to install or set
 * @throws {ClusterFailed} when one was started and does not answer
 */
export async function findBroker(options: FindOptions = {}): Promise<Endpoints> {
  const named = endpointsFrom((name) => Deno.env.get(name));
  if (named !== undefined) {
    return { ...named, source: "environment", [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  return await fromDocker(options) ?? await fromJars(options);
}

/** Undefined when there is no Docker, or it cannot run the containers, as when it cannot get the image. */
async function fromDocker(options: FindOptions): Promise<Endpoints | undefined> {
  if (!await hasDocker()) return undefined;
  try {
    return { ...await startDocker(options.signal), source: "docker" };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof ClusterFailed) return undefined;
    throw error;
  }
}

async function fromJars(options: FindOptions): Promise<Endpoints> {
  const cluster = await startCluster(options);
  const { nameServer, proxy } = cluster;
  return { nameServer, proxy, source: "jars", [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
}
