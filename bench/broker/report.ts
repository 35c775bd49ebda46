import { spread, table } from "../markdown.ts";
import type { Figure } from "./figure.ts";
import { sizeOf } from "./load.ts";
import type { Machine } from "./machine.ts";
import { type ByRole, ROLES } from "./pair.ts";
import { ratiosOf, type Row } from "./row.ts";
import type { Settings } from "./settings.ts";

/** A finished run. */
export interface Run {
  readonly date: string;
  readonly machine: Machine;
  /** The broker's version, or that it was not started by this run. */
  readonly rocketMq: string;
  readonly settings: Settings;
  /** What was measured, in words. */
  readonly peers: Readonly<Record<string, string>>;
  /** Who was not measured, or not to the end, and why. */
  readonly leftOut: readonly string[];
  readonly rows: readonly Row[];
}

/** Whom others are compared with, where they were measured. */
const BASES = ["java", "nats"] as const;

/** The run as Markdown: machine, settings, for each size of body a table of rows and one of ratios, the errors. */
export function toMarkdown(run: Run): string {
  return [
    ...header(run),
    ...run.settings.bodies.flatMap((body) => bodyPart(body, run.rows.filter((row) => row.body === body))),
    "",
    "Medians over the rounds, least and greatest in brackets. µs: processor time per call. MiB: memory of requester, server and " +
    "responder. Others: the part of the processors' time that went to none of these three.",
    ...errorLines(run.rows),
    "",
  ].join("\n");
}

function header({ date, machine, rocketMq, settings, peers, leftOut }: Run): string[] {
  const { cores, model, os, loadBefore, deno, java, go } = machine;
  const { seconds, rounds, warmUp, loads, bodies } = settings;
  const kind = loads[0]?.kind === "open" ? "calls offered per second" : "in flight";
  return [
    `- ${date}; ${cores} cores, ${model}, ${os}; load before: ${loadBefore.toFixed(2)}`,
    `- Deno ${deno}, Java ${java}, Go ${go}, RocketMQ ${rocketMq}`,
    `- ${kind}: ${
      loads.map(sizeOf).join(", ")
    }; ${rounds} rounds in turns, after one that does not count; windows of ` +
    `${seconds} s after ${warmUp} s; bodies of ${bodies.join(", ")} bytes`,
    ...Object.entries(peers).map(([name, what]) => `- \`${name}\`: ${what}`),
    ...leftOut.map((line) => `- left out: ${line}`),
  ];
}

function bodyPart(body: number, rows: readonly Row[]): string[] {
  const size = rows[0]?.load.kind === "open" ? "offered/s" : "in flight";
  const open = rows.some(({ load }) => load.kind === "open");
  return [
    "",
    `Bodies of ${body} bytes:`,
    "",
    ...table([
      ...["peer", size, "calls/s", "p50 ms", "p99 ms", "p99.9 ms", ...(open ? ["begun late p99 ms"] : [])],
      ...[...ROLES.map((role) => `${role} µs`), "MiB", "others %", "failed"],
    ], rows.map((row) => cells(row, open))),
    ...BASES.flatMap((base) => ratioTable(rows, base, size)),
  ];
}

function cells(row: Row, open: boolean): string[] {
  return [
    row.peer,
    String(sizeOf(row.load)),
    spread(row.callsPerSecond, 0),
    ...[row.p50Ms, row.p99Ms, row.p999Ms, ...(open ? [row.lateP99Ms] : [])].map((ms) => spread(ms, 2)),
    ...ROLES.map((role) => rounded(row.cpuUs[role])),
    memory(row.mib),
    row.othersPercent === undefined ? "unknown" : row.othersPercent.median.toFixed(1),
    String(row.failed),
  ];
}

function memory(mib: ByRole<Figure>): string {
  return ROLES.map((role) => rounded(mib[role])).join(" / ");
}

function rounded(figure: Figure | undefined): string {
  return figure === undefined ? "unknown" : figure.median.toFixed(0);
}

function ratioTable(rows: readonly Row[], base: string, size: string): string[] {
  const ratios = ratiosOf(rows, base);
  if (ratios.length === 0) return [];
  return [
    "",
    ...table(
      [`peer / ${base}`, size, "calls/s", "p50"],
      ratios.map(({ row: { peer, load }, callsPerSecond, p50 }) => [
        ...[peer, String(sizeOf(load))],
        ...[`${callsPerSecond.toFixed(2)} ×`, `${p50.toFixed(2)} ×`],
      ]),
    ),
  ];
}

function errorLines(rows: readonly Row[]): string[] {
  const failed = rows.filter(({ errors }) => errors.length > 0);
  if (failed.length === 0) return [];
  return [
    "",
    ...failed.map(({ peer, body, load, errors }) =>
      `- ${peer}, ${body} bytes, ${load.kind} ${sizeOf(load)}: ${errors.join("; ")}`
    ),
  ];
}
