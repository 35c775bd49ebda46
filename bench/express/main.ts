/**
 * The express lane, an experiment: requests that a broker pushes to the owner of their queue and stores behind, next to those
 * that are stored and pulled. Our client of RocketMQ alone, without the runtime, on a broker of its own: what a call takes
 * either way, and what a callee that dies or stands still does to those who have nothing to do with it.
 *
 *     deno task bench:express [--only calls|crashes] [--rounds 3] [--seconds 1]
 */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { startCluster } from "../../tests/broker/launcher.ts";
import { positive, settingsOr, whole } from "../flags.ts";
import { measureCalls, type Place } from "./calls.ts";
import { measureCrashes } from "./crashes.ts";

/** Threads on which a broker with two cores pushes replies, and whatever else is sent as one. */
const THREADS = "20";
const USAGE = "  deno task bench:express [--only calls|crashes] [--rounds 3] [--seconds 1]";

interface Settings {
  readonly only: string | undefined;
  readonly rounds: number;
  /** Of each measured window. */
  readonly seconds: number;
}

function settingsFrom(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "1" },
    },
  });
  const { only } = values;
  if (only !== undefined && only !== "calls" && only !== "crashes") {
    throw new TypeError(`--only is "${only}"; it has to be calls or crashes`);
  }
  return { only, rounds: whole("rounds", values.rounds, 1), seconds: positive("seconds", values.seconds) };
}

async function main({ only, rounds, seconds }: Settings): Promise<void> {
  await using cluster = await startCluster({ brokerConfig: { processReplyMessageThreadPoolNums: THREADS } });
  const [broker] = cluster.brokers;
  if (broker === undefined) throw new TypeError("The cluster has no broker");
  const prefix = `express_${Date.now().toString(36)}`;
  const place: Place = { nameServer: cluster.nameServer, brokerPid: broker.pid, prefix };
  if (only !== "crashes") console.log((await measureCalls(place, rounds, seconds)).join("\n") + "\n");
  if (only !== "calls") await measureCrashes(place, (line) => console.log(line));
  console.log(`\nLoad of the machine: ${loadavg().map((load) => load.toFixed(1)).join(", ")}`);
}

await main(settingsOr(settingsFrom, USAGE));
// Registrations go on until the program ends.
Deno.exit(0);
