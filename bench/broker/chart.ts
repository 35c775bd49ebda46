import { COLOURS, type Panel, type Plot } from "../plot.ts";
import { sizeOf } from "./load.ts";
import { ROLES } from "./pair.ts";
import type { Run } from "./report.ts";
import type { Row } from "./row.ts";

/** What is drawn, over the calls in flight or offered. */
const PANELS: readonly { readonly title: string; readonly of: (row: Row) => number }[] = [
  { title: "calls per second", of: ({ callsPerSecond }) => callsPerSecond.median },
  { title: "median, ms", of: ({ p50Ms }) => p50Ms.median },
  { title: "p99, ms", of: ({ p99Ms }) => p99Ms.median },
  { title: "p99.9, ms", of: ({ p999Ms }) => p999Ms.median },
  {
    title: "processor time per call of requester, server and responder together, µs",
    of: ({ cpuUs }) => ROLES.reduce((sum, role) => sum + (cpuUs[role]?.median ?? NaN), 0),
  },
];

/** The rows of one size of body as curves, both axes logarithmic. */
export function chartOf({ date, rows }: Pick<Run, "date" | "rows">, body: number): Plot {
  const drawn = rows.filter((row) => row.body === body);
  const peers = [...new Set(drawn.map(({ peer }) => peer))];
  const panels = PANELS.map(({ title, of }): Panel => ({
    title,
    scale: "log",
    curves: peers.map((peer, index) => ({
      name: peer,
      colour: COLOURS[index % COLOURS.length] ?? "#000000",
      points: drawn.filter((row) => row.peer === peer)
        .map((row) => [sizeOf(row.load), of(row)] as const).filter(([, value]) => value > 0),
    })),
  }));
  return {
    title: `Echo of ${body} bytes, ${date}`,
    panels,
    note: drawn[0]?.load.kind === "open" ? "calls offered per second" : "calls in flight",
    xScale: "log",
    ticks: [...new Set(drawn.map(({ load }) => sizeOf(load)))],
  };
}
