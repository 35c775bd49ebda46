import { brokerStops } from "./broker_stops.ts";
import { calleeStops } from "./callee_stops.ts";
import { outwardStops, settleStop } from "./caller_stops.ts";
import { type Figure, figureOf } from "../broker/figure.ts";
import { Material } from "./material.ts";
import { remotingStops } from "./remoting_stops.ts";
import { costOf, type Stop } from "./stop.ts";

/** What one stop costs per call, in microseconds. */
export interface StopRow {
  readonly name: string;
  /** Where each call travels alone. */
  readonly aloneUs: Figure;
  /** Where 64 travel together. */
  readonly packedUs: Figure;
}

/** How many calls a full pack of requests carries. */
export const PACKED = 64;

/** What the stops of a call cost, by where they are. */
export interface StopRows {
  /** Those of a call on `embedded()`, in the order in which it comes by. */
  readonly embedded: readonly StopRow[];
  /** What a connection to a RocketMQ does instead of the embedded broker, without its sockets. */
  readonly remoting: readonly StopRow[];
  /** What lies between what is received and what runs then: sums of stops of either table. */
  readonly stages: readonly StopRow[];
}

/** Measures all stops in turn; the first round does not count. */
export async function measureStops(body: number, rounds: number, ms: number): Promise<StopRows> {
  const material = new Material(body);
  const broker = await brokerStops(material);
  try {
    const [opened, handled, answered, replied] = calleeStops(material);
    const { send, pulled, reply, pushed } = remotingStops(material);
    const settled = settleStop(material);
    const embedded = [
      ...[...outwardStops(material), broker.send, broker.deliver],
      ...[opened, handled, answered, replied, broker.reply, settled],
    ];
    const remoting = [send, pulled, reply, pushed];
    const found = await measureAll([...embedded, ...remoting], rounds, ms);
    const rowsOf = (stops: readonly Stop[]) => stops.map((stop) => rowOf(stop.name, [found.get(stop)]));
    const sum = (name: string, stops: readonly Stop[]) => rowOf(name, stops.map((stop) => found.get(stop)));
    return {
      embedded: rowsOf(embedded),
      remoting: rowsOf(remoting),
      stages: [
        sum("pull to handler", [pulled, opened, handled]),
        sum("handler to reply", [answered, replied, reply]),
        sum("reply to caller", [pushed, settled]),
      ],
    };
  } finally {
    material.wheel.close();
    await broker.close();
  }
}

/** One stop in all rounds. */
interface Rounds {
  readonly alone: number[];
  readonly packed: number[];
}

async function measureAll(
  stops: readonly Stop[],
  rounds: number,
  ms: number,
): Promise<ReadonlyMap<Stop, Rounds>> {
  const found = new Map(stops.map((stop): [Stop, Rounds] => [stop, { alone: [], packed: [] }]));
  for (let round = 0; round <= rounds; round++) {
    for (const [stop, { alone, packed }] of found) {
      const [one, many] = [await costOf(stop, 1, ms), await costOf(stop, PACKED, ms)];
      if (round === 0) continue;
      alone.push(one);
      packed.push(many);
    }
  }
  return found;
}

/** Adds stops up, round by round. */
function rowOf(name: string, stops: readonly (Rounds | undefined)[]): StopRow {
  const figure = (which: keyof Rounds) => {
    const rounds = stops[0]?.[which].length ?? 0;
    const sums = Array.from(
      { length: rounds },
      (_, round) => stops.reduce((sum, stop) => sum + (stop?.[which][round] ?? NaN), 0),
    );
    return figureOf(sums);
  };
  return { name, aloneUs: figure("alone"), packedUs: figure("packed") };
}
