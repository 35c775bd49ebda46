import { spread, table } from "../markdown.ts";
import type { Figure } from "../broker/figure.ts";
import type { Machine } from "../broker/machine.ts";
import { type ByRole, type Measured, ROLES } from "../broker/pair.ts";
import { COLOURS, type Panel, type Plot } from "../plot.ts";
import type { Backlog } from "./backlog.ts";
import type { SizeRow } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";
import type { Settings } from "./settings.ts";

/** One scenario with its figures. */
export interface Grown {
  readonly name: string;
  readonly scenario: Pick<Scenario, "what" | "unit" | "inFlight">;
  readonly rows: readonly SizeRow[];
}

/** A finished run. */
export interface Run {
  readonly date: string;
  readonly machine: Machine;
  /** The broker's version, or that it was not started by this run. */
  readonly rocketMq: string;
  readonly settings: Settings;
  readonly grown: readonly Grown[];
  readonly backlog: Backlog | undefined;
}

/** The run as Markdown: machine, settings, a table for each scenario. */
export function toMarkdown({ date, machine, rocketMq, settings, grown, backlog }: Run): string {
  const { cores, model, os, loadBefore, deno } = machine;
  const { seconds, warmUp, rounds } = settings;
  return [
    `- ${date}; ${cores} cores, ${model}, ${os}; load before: ${loadBefore.toFixed(2)}`,
    `- Deno ${deno}, RocketMQ ${rocketMq}`,
    `- ${rounds} windows of ${seconds} s for each size, each after ${warmUp} s; packing and all else by default; ` +
    "`safe` methods; each size has processes of its own, and the first one is measured again at the end",
    ...grown.flatMap(grownPart),
    ...(backlog === undefined ? [] : backlogPart(backlog)),
    "",
    "Medians over the windows, least and greatest in brackets. Start-up: until all responders serve, the start of their processes " +
    "included. µs: processor time per call. MiB: memory of requester, server and responders.",
    "",
  ].join("\n");
}

function grownPart({ name, scenario: { what, unit, inFlight }, rows }: Grown): string[] {
  const first = totalUs(rows[0]);
  return [
    "",
    `**${name}**: ${what}; ${inFlight} in flight.`,
    "",
    ...table(
      [
        ...[unit, "start-up s", "calls/s", "p50 ms", "p99 ms", ...ROLES.map((role) => `${role} µs`)],
        ...["all µs ÷ first", "MiB", "others %", "failed"],
      ],
      rows.map((sized) => {
        const { size, again, startUpMs, row } = sized;
        return [
          `${size}${again ? " (again)" : ""}`,
          (startUpMs / 1_000).toFixed(1),
          ...[spread(row.callsPerSecond, 0), spread(row.p50Ms, 2), spread(row.p99Ms, 2)],
          ...ROLES.map((role) => rounded(row.cpuUs[role])),
          ratio(totalUs(sized), first),
          ROLES.map((role) => rounded(row.mib[role])).join(" / "),
          row.othersPercent === undefined ? "unknown" : row.othersPercent.median.toFixed(1),
          String(row.failed),
        ];
      }),
    ),
    ...rows.flatMap(({ size, row }) =>
      row.errors.length === 0 ? [] : ["", `- at ${size}: ${row.errors.join("; ")}`]
    ),
  ];
}

function totalUs(sized: SizeRow | undefined): number | undefined {
  const known = ROLES.map((role) => sized?.row.cpuUs[role]?.median).filter((us) => us !== undefined);
  return known.length === ROLES.length ? known.reduce((sum, us) => sum + us) : undefined;
}

function ratio(value: number | undefined, first: number | undefined): string {
  return value === undefined || first === undefined ? "unknown" : (value / first).toFixed(2);
}

function rounded(figure: Figure | undefined): string {
  return figure === undefined ? "unknown" : figure.median.toFixed(0);
}

function backlogPart({ count, stored, firstRunMs, drained, beside }: Backlog): string[] {
  const row = (what: string, { window, cpuUs, residentBytes }: Measured) => [
    what,
    window.seconds.toFixed(1),
    (window.calls / window.seconds).toFixed(0),
    ...[cpuUs.requester, cpuUs.server].map((us) => us === undefined ? "unknown" : us.toFixed(1)),
    ...[mib(residentBytes, "requester"), mib(residentBytes, "server")],
  ];
  const { p50Ms, p99Ms } = beside.window;
  return [
    "",
    `**backlog**: ${count} one-way requests of 128 bytes, stored while nobody serves them, then worked off by one instance.`,
    "",
    ...table(["", "s", "calls/s", "process µs", "broker µs", "process MiB", "broker MiB"], [
      row("stored", stored),
      row("worked off", drained),
    ]),
    "",
    `The first one ran ${
      (firstRunMs / 1_000).toFixed(2)
    } s after its instance had been told to serve. Meanwhile calls to a method in ` +
    `another slot, one at a time, had a median of ${p50Ms.toFixed(2)} ms and a p99 of ${
      p99Ms.toFixed(2)
    } ms.`,
  ];
}

function mib(bytes: ByRole<number>, role: "requester" | "server"): string {
  const found = bytes[role];
  return found === undefined ? "unknown" : (found / 1024 / 1024).toFixed(0);
}

const PANELS: readonly { readonly title: string; readonly of: (row: SizeRow) => number }[] = [
  { title: "processor time per call, all together, µs", of: (sized) => totalUs(sized) ?? NaN },
  { title: "calls per second", of: ({ row }) => row.callsPerSecond.median },
  { title: "median, ms", of: ({ row }) => row.p50Ms.median },
  { title: "memory of the responders, MiB", of: ({ row }) => row.mib.responder?.median ?? NaN },
];

/** All scenarios as curves over their sizes, both axes logarithmic; sizes of 0 are drawn at 1. */
export function chartOf({ date, grown }: Pick<Run, "date" | "grown">): Plot {
  const panels = PANELS.map(({ title, of }): Panel => ({
    title,
    scale: "log",
    curves: grown.map(({ name, rows }, index) => ({
      name,
      colour: COLOURS[index % COLOURS.length] ?? "#000000",
      points: rows.filter(({ again }) => !again).map((row) => [Math.max(1, row.size), of(row)] as const)
        .filter(([, value]) => value > 0),
    })),
  }));
  const ticks = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
  const most = Math.max(1, ...grown.flatMap(({ rows }) => rows.map(({ size }) => size)));
  return {
    title: `What a call costs as things grow, ${date}`,
    panels,
    note: "services, keys, queues, instances, bytes, slow calls",
    xScale: "log",
    ticks: ticks.filter((tick) => tick <= most),
  };
}
