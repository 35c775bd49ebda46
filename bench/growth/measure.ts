import { describeLoad, type Load, writeCommand } from "../broker/load.ts";
import { measure, type Measured } from "../broker/pair.ts";
import { type Row, rowOf } from "../broker/row.ts";
import type { RocketMq } from "../broker/servers/servers.ts";
import type { Scenario } from "./scenarios.ts";
import type { Settings } from "./settings.ts";
import { type Stage, startStage } from "./stage.ts";

/** One size of what grows. */
export interface SizeRow {
  readonly size: number;
  /** Measured at the end once more, as a sign of how much the machine has drifted. */
  readonly again: boolean;
  /** Until all responders served, in milliseconds: their processes' start included. */
  readonly startUpMs: number;
  readonly row: Row;
}

/**
 * Measures every size, each with processes of its own, and the first one again; and the first one before all others, which
 * does not count: the broker's just-in-time compiler takes seconds of load.
 */
export async function measureSizes(
  name: string,
  scenario: Scenario,
  broker: RocketMq,
  settings: Settings,
  say: (line: string) => void,
): Promise<SizeRow[]> {
  const sizes = settings.quick ? scenario.quickSizes : scenario.sizes;
  const rows: SizeRow[] = [];
  const first = sizes.slice(0, 1);
  for (const [index, size] of [...first, ...sizes, ...first].entries()) {
    const again = index === sizes.length + 1;
    const contract = `bench.Growth_${name.replaceAll("-", "_")}_${index}_${Date.now().toString(36)}`;
    await using stage = await startStage(broker, { contract, ...scenario.stage(size) });
    const row = await measureStage(name, scenario, size, stage, settings);
    const what = `${name}: ${size} ${scenario.unit}${again ? " again" : ""}, ${describeLoad(row.load)}`;
    const { callsPerSecond, p50Ms } = row;
    say(`${what}: ${callsPerSecond.median.toFixed(0)} calls/s, p50 ${p50Ms.median.toFixed(2)} ms`);
    if (index > 0) rows.push({ size, again, startUpMs: stage.startUpMs, row });
  }
  return rows;
}

async function measureStage(
  name: string,
  { inFlight, body: bodyOf = () => 128, beside = () => 0 }: Scenario,
  size: number,
  stage: Stage,
  settings: Settings,
): Promise<Row> {
  const load: Load = { kind: "closed", inFlight };
  const body = bodyOf(size);
  const times = { warmUpMs: settings.warmUp * 1_000, measuredMs: settings.seconds * 1_000 };
  const slow = beside(size);
  if (slow > 0) {
    const requester = await stage.requester("slow");
    // It ends with the stage: longer than all windows together, in any case.
    const measuredMs = settings.rounds * (times.warmUpMs + times.measuredMs) * 10 + 60_000;
    const command = { load: { kind: "closed", inFlight: slow }, body: 128, warmUpMs: 0, measuredMs } as const;
    await requester.writeLine(writeCommand(command));
  }
  const windows: Measured[] = [];
  for (let round = 0; round < settings.rounds; round++) {
    windows.push(await measure(stage.pair, { load, body, ...times }));
  }
  return rowOf({ peer: name, load, body }, windows);
}
