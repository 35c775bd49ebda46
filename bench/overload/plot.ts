import type { Plot } from "../plot.ts";
import type { Second } from "./window.ts";

/** One line of a panel. */
interface Line {
  readonly name: string;
  readonly colour: string;
  readonly of: (second: Second) => number;
}

const PANELS: readonly { readonly title: string; readonly lines: readonly Line[] }[] = [
  {
    title: "calls per second",
    lines: [
      { name: "offered", colour: "#999999", of: ({ offered }) => offered },
      { name: "never sent", colour: "#d08700", of: ({ fates }) => fates["never sent"] },
      {
        name: "expired or unknown",
        colour: "#b0413e",
        of: ({ fates }) => fates.expired + fates.unknown + fates.late,
      },
      { name: "answered", colour: "#1a7f37", of: ({ fates }) => fates.answered },
    ],
  },
  {
    title: "answered per second",
    lines: [{ name: "answered", colour: "#1a7f37", of: ({ fates }) => fates.answered }],
  },
  {
    title: "p99 of started calls, ms",
    lines: [
      { name: "handler", colour: "#0550ae", of: ({ handlerP99Ms }) => handlerP99Ms },
      { name: "start to reply", colour: "#8250df", of: ({ replyP99Ms }) => replyP99Ms },
    ],
  },
  {
    title: "heap in use with garbage, MiB",
    lines: [{ name: "heap", colour: "#57606a", of: ({ heap }) => heap / 1024 / 1024 }],
  },
];

/** Goodput, refusals, latency and heap over time; the overload is shaded. */
export function plotOf(seconds: readonly Second[], title: string): Plot {
  const overload = seconds.filter(({ phase }) => phase === "overload");
  const end = seconds.at(-1)?.at ?? 0;
  return {
    title,
    panels: PANELS.map(({ title, lines }) => ({
      title,
      curves: lines.map(({ name, colour, of }) => {
        return { name, colour, points: seconds.map((second) => [second.at, of(second)] as const) };
      }),
    })),
    note: `${end.toFixed(0)} s; shaded: the overload`,
    shaded: [Math.max(0, (overload[0]?.at ?? 1) - 1), overload.at(-1)?.at ?? 0],
  };
}
