import { brokerStops } from "./broker_stops.ts";
import { calleeStops } from "./callee_stops.ts";
import { outwardStops, settleStop } from "./caller_stops.ts";
import { type Figure, figureOf } from "../broker/figure.ts";
import { Material } from "./material.ts";
import { costOf } from "./stop.ts";

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

/** Measures all stops in turn, in the order in which a call comes by; the first round does not count. */
export async function measureStops(body: number, rounds: number, ms: number): Promise<readonly StopRow[]> {
  const material = new Material(body);
  const broker = await brokerStops(material);
  try {
    const stops = [
      ...outwardStops(material),
      broker.send,
      broker.deliver,
      ...calleeStops(material),
      broker.reply,
      settleStop(material),
    ];
    const found = stops.map(({ name }) => ({ name, alone: [] as number[], packed: [] as number[] }));
    for (let round = 0; round <= rounds; round++) {
      for (const [index, stop] of stops.entries()) {
        const alone = await costOf(stop, 1, ms);
        const packed = await costOf(stop, PACKED, ms);
        if (round === 0) continue;
        found[index]?.alone.push(alone);
        found[index]?.packed.push(packed);
      }
    }
    return found.map(({ name, alone, packed }) => {
      return { name, aloneUs: figureOf(alone), packedUs: figureOf(packed) };
    });
  } finally {
    material.wheel.close();
    await broker.close();
  }
}
