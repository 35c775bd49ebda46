import { makeTopic } from "../../tests/interop/class_topic.ts";
import { type Figure, figureOf } from "../broker/figure.ts";
import { denoProgram, startPair } from "../broker/peers/peer.ts";
import { measure, type Measured, type Pair } from "../broker/pair.ts";
import type { Way } from "./names.ts";

const WAYS: readonly Way[] = ["stored", "express"];
const IN_FLIGHT = [1, 16, 64];
const BODY_BYTES = 128;
const WARM_UP_MS = 300;

/** Where calls are measured. */
export interface Place {
  readonly nameServer: string;
  readonly brokerPid: number;
  /** Fresh for each run: topics begin with it. */
  readonly prefix: string;
}

interface Row {
  readonly way: Way;
  readonly inFlight: number;
  readonly rounds: Measured[];
}

/** Measures both ways in turns, round after round, and gives the lines of a table. */
export async function measureCalls(place: Place, rounds: number, seconds: number): Promise<string[]> {
  await using stack = new AsyncDisposableStack();
  const pairs = new Map<Way, Pair>();
  for (const way of WAYS) {
    const pair = await start(place, way);
    for (const program of [pair.requester, ...pair.responders]) stack.use(program);
    pairs.set(way, pair);
  }
  const rows = IN_FLIGHT.flatMap((inFlight) => WAYS.map((way): Row => ({ way, inFlight, rounds: [] })));
  // Round 0 is for just-in-time compilers.
  for (let round = 0; round <= rounds; round++) {
    for (const row of rows) {
      const pair = pairs.get(row.way);
      if (pair === undefined) continue;
      const load = { kind: "closed", inFlight: row.inFlight } as const;
      const times = { warmUpMs: WARM_UP_MS, measuredMs: seconds * 1_000 };
      const measured = await measure(pair, { load, body: BODY_BYTES, ...times });
      if (round > 0) row.rounds.push(measured);
    }
  }
  return table(rows);
}

async function start({ nameServer, brokerPid, prefix }: Place, way: Way): Promise<Pair> {
  const topic = `${prefix}_${way}`;
  await makeTopic(nameServer, topic);
  return await startPair({
    responder: () => denoProgram("./responder.ts", import.meta.url, [nameServer, topic]),
    requester: () => denoProgram("./requester.ts", import.meta.url, [nameServer, topic, way]),
    serverPids: [brokerPid],
  });
}

function table(rows: readonly Row[]): string[] {
  const heads = [
    "in flight",
    "way",
    "calls/s",
    "p50 ms",
    "p99 ms",
    "requester µs",
    "responder µs",
    "broker µs",
  ];
  return [
    `| ${heads.join(" | ")} | failed |`,
    `| ---: | --- | ${heads.slice(2).map(() => "---:").join(" | ")} | ---: |`,
    ...rows.map(({ inFlight, way, rounds }) => {
      const over = (of: (measured: Measured) => number | undefined, digits: number) =>
        shown(figureOf(rounds.map((measured) => of(measured) ?? NaN)), digits);
      const cells = [
        over(({ window }) => window.calls / window.seconds, 0),
        over(({ window }) => window.p50Ms, 2),
        over(({ window }) => window.p99Ms, 2),
        over(({ cpuUs }) => cpuUs.requester, 0),
        over(({ cpuUs }) => cpuUs.responder, 0),
        over(({ cpuUs }) => cpuUs.server, 0),
        rounds.reduce((sum, { window }) => sum + window.failed, 0),
      ];
      return `| ${inFlight} | ${way} | ${cells.join(" | ")} |`;
    }),
  ];
}

function shown({ median, min, max }: Figure, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
