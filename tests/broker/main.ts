// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { parseArgs } from "node:util";
import { makeExampleTopics } from "./example_topics.ts";
import { isOldLine } from "./jars.ts";
import { BrokerUnavailable, type Cluster, ClusterFailed, DEFAULT_VERSION, startCluster } from "./launcher.ts";

const USAGE = `Runs a RocketMQ of its own until Ctrl-C.

  deno task broker [--version ${DEFAULT_VERSION}] [--brokers 1] [--no-proxy]`;

interface Settings {
  readonly version: string;
  readonly brokers: number;
  readonly proxy: boolean;
}

function settingsFrom(args: string[]): Settings {
  const { values } = parseArgs({
    args,
    options: {
      version: { type: "string", default: DEFAULT_VERSION },
      brokers: { type: "string", default: "1" },
      "no-proxy": { type: "boolean", default: false },
    },
  });
  const proxy = !values["no-proxy"] && !isOldLine(values.version);
  return { version: values.version, brokers: Number(values.brokers), proxy };
}

function announce(cluster: Cluster): void {
  console.log(`name server ${cluster.nameServer}`);
  for (const broker of cluster.brokers) {
    console.log(`broker ${broker.address} (${broker.name}, pid ${broker.pid})`);
  }
  if (cluster.proxy !== undefined) console.log(`proxy ${cluster.proxy}`);
  console.log(`logs ${cluster.directory}`);
  console.log(`\nTry it:  deno task demo --name-server ${cluster.nameServer}`);
  if (cluster.proxy !== undefined) {
    console.log(`         deno run -A examples/01_call.ts --endpoint ${cluster.proxy}`);
  }
  const proxy = cluster.proxy === undefined ? "" : ` ROCKET_ACTORS_PROXY=${cluster.proxy}`;
  console.log(`Tests:   ROCKET_ACTORS_NAME_SERVER=${cluster.nameServer}${proxy} deno task test`);
  console.log("Ctrl-C stops it.");
}

/** Aborted by the first SIGINT or SIGTERM. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => controller.abort());
  }
  return controller.signal;
}

async function run(settings: Settings): Promise<void> {
  const stop = stopSignal();
  console.log(`starting RocketMQ ${settings.version} ...`);
  try {
    await using cluster = await startCluster({ ...settings, signal: stop });
    if (cluster.proxy !== undefined) await makeExampleTopics(cluster.nameServer);
    announce(cluster);
    if (!stop.aborted) await new Promise((resolve) => stop.addEventListener("abort", resolve));
    console.log("stopping ...");
  } catch (error) {
    if (error !== stop.reason) throw error;
  }
}

try {
  await run(settingsFrom(Deno.args));
  Deno.exit(0);
} catch (error) {
  if (error instanceof TypeError || error instanceof RangeError) {
    console.error(`${error.message}\n\n${USAGE}`);
  } else if (error instanceof BrokerUnavailable || error instanceof ClusterFailed) {
    console.error(error.message);
  } else throw error;
  Deno.exit(1);
}
