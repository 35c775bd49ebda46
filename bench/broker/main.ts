/** Compares our calls with the official Java client's on one broker: see `settings.ts` for how it is called. */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { DEFAULT_VERSION, startCluster } from "../../tests/broker/launcher.ts";
import { settingsOr } from "../flags.ts";
import { dateOfRun, saveRun } from "../results.ts";
import { startJavaPair } from "./java.ts";
import { describeMachine } from "./machine.ts";
import { startOurs } from "./ours.ts";
import { measure, type Measured, type Pair } from "./peer.ts";
import { toMarkdown } from "./report.ts";
import { rowOf } from "./row.ts";
import { type PeerName, type Settings, settingsFrom, USAGE } from "./settings.ts";

/** Where the broker is that everybody uses. */
interface Broker {
  readonly nameServer: string;
  /** The broker's process, if it is known. */
  readonly pid: number | undefined;
  readonly version: string;
}

async function findBroker(settings: Settings, stack: AsyncDisposableStack): Promise<Broker> {
  const named = Deno.env.get("ROCKET_ACTORS_NAME_SERVER");
  if (named) return { nameServer: named, pid: settings.brokerPid, version: "as named by the environment" };
  const cluster = stack.use(await startCluster());
  return { nameServer: cluster.nameServer, pid: cluster.brokers[0]?.pid, version: DEFAULT_VERSION };
}

async function startPair(
  name: PeerName,
  { nameServer }: Broker,
  body: number,
  stack: AsyncDisposableStack,
): Promise<Pair> {
  const fresh = `bench_${name}_${Date.now().toString(36)}`;
  const pair = name === "java"
    ? await startJavaPair({ nameServer, topic: fresh, body })
    : await startOurs(name, { nameServer, contract: fresh, body });
  stack.use(pair.responder);
  stack.use(pair.requester);
  return pair;
}

/** All windows of all rounds, by peer and calls in flight. Peers take turns, so that drift meets them alike. */
async function runRounds(
  pairs: readonly Pair[],
  settings: Settings,
  broker: Broker,
): Promise<Map<string, Measured[]>> {
  const found = new Map<string, Measured[]>();
  // Round 0 is for just-in-time compilers, which take seconds of full load, and does not count.
  for (let round = 0; round <= settings.rounds; round++) {
    for (const inFlight of settings.inFlight) {
      for (const pair of pairs) {
        const warmUpMs = settings.warmUp * 1_000;
        const measuredMs = settings.seconds * 1_000;
        const measured = await measure(pair, { inFlight, warmUpMs, measuredMs, brokerPid: broker.pid });
        const { calls, seconds, p50Ms } = measured.window;
        const what = `round ${round}: ${pair.name} at ${inFlight}`;
        console.error(`${what}: ${(calls / seconds).toFixed(0)} calls/s, p50 ${p50Ms.toFixed(2)} ms`);
        if (round > 0) found.getOrInsertComputed(`${pair.name} ${inFlight}`, () => []).push(measured);
      }
    }
  }
  return found;
}

async function main(settings: Settings): Promise<void> {
  const date = dateOfRun();
  // Before the broker starts: its own start is load, too.
  const before = await describeMachine("");
  await using stack = new AsyncDisposableStack();
  const broker = await findBroker(settings, stack);
  const pairs: Pair[] = [];
  for (const name of settings.peers) pairs.push(await startPair(name, broker, settings.body, stack));
  const found = await runRounds(pairs, settings, broker);
  const rows = settings.inFlight.flatMap((inFlight) =>
    settings.peers.map((peer) => rowOf(peer, inFlight, found.get(`${peer} ${inFlight}`) ?? []))
  );
  const run = { date, machine: { ...before, rocketMq: broker.version }, settings, rows };
  await saveRun("", run);
  console.log(toMarkdown(run));
}

await main(settingsOr(settingsFrom, USAGE));
