import { makeTopic } from "../../tests/interop/class_topic.ts";
import { expectLine, measure, type Measured, type Pair, PATIENCE_MS } from "../broker/pair.ts";
import { denoProgram } from "../broker/peers/peer.ts";
import type { RocketMq } from "../broker/servers/servers.ts";

/** What storing a backlog and working it off has shown. */
export interface Backlog {
  readonly count: number;
  /** The sender is its requester. */
  readonly stored: Measured;
  /** From the start of the one who serves it until the first request ran, in milliseconds. */
  readonly firstRunMs: number;
  /** The one who serves it is its requester. */
  readonly drained: Measured;
  /** Calls to a method in another slot meanwhile, one at a time. */
  readonly beside: Measured;
}

const QUEUES = 16;
/** Senders at once: enough for full packs. */
const SENDING = 1_024;
/** How long either may take. */
const LIMIT_MS = 30 * 60_000;

/** Stores so many one-way requests that nobody serves, then serves them. */
export async function measureBacklog(
  { nameServer, pids: serverPids }: RocketMq,
  count: number,
  besideMs: number,
  say: (line: string) => void,
): Promise<Backlog> {
  await using stack = new AsyncDisposableStack();
  const contract = `bench.Backlog_${Date.now().toString(36)}`;
  await makeTopic(nameServer, contract, QUEUES);
  const start = async (file: string, ...args: string[]): Promise<Pair> => {
    const requester = stack.use(denoProgram(file, import.meta.url, [nameServer, contract, ...args]));
    await expectLine(requester, "ready", PATIENCE_MS);
    return { requester, responders: [], serverPids };
  };
  const command = {
    load: { kind: "closed", inFlight: SENDING },
    ...{ body: 128, warmUpMs: 0, measuredMs: LIMIT_MS },
  } as const;
  const stored = await measure(await start("./backlog_sender.ts", String(count)), command);
  say(`backlog: ${count} stored in ${stored.window.seconds.toFixed(1)} s`);
  const drain = await start("./backlog_drain.ts", String(count));
  let beside: Measured | undefined;
  const begin = performance.now();
  let firstRunMs = NaN;
  const drained = await measure(drain, command, async () => {
    firstRunMs = performance.now() - begin;
    const probe = await start("./growth_requester.ts", "probe", "1");
    const load = { kind: "closed", inFlight: 1 } as const;
    beside = await measure(probe, { ...command, load, measuredMs: besideMs });
  });
  say(`backlog: worked off in ${drained.window.seconds.toFixed(1)} s`);
  if (beside === undefined) throw new Error("Nobody was called beside the backlog");
  return { count, stored, firstRunMs, drained, beside };
}
