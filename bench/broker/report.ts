import { spread, table } from "../markdown.ts";
import type { Machine } from "./machine.ts";
import { type Ratio, ratiosOf, type Row } from "./row.ts";
import type { Settings } from "./settings.ts";

/** A finished run. */
export interface Run {
  readonly date: string;
  readonly machine: Machine;
  readonly settings: Settings;
  readonly rows: readonly Row[];
}

/** The run as Markdown: machine, settings, a table of rows, a table of ratios, the errors. */
export function toMarkdown(run: Run): string {
  const ratios = ratiosOf(run.rows);
  return [
    ...header(run),
    "",
    ...table(
      [
        "peer",
        "in flight",
        "calls/s",
        "p50 ms",
        "p99 ms",
        "requester µs",
        "responder µs",
        "broker µs",
        "failed",
      ],
      run.rows.map(cells),
    ),
    "",
    "Medians over the rounds, least and greatest in brackets; µs are processor time per call.",
    ...(ratios.length === 0 ? [] : ["", ...table(RATIO_HEADER, ratios.map(ratioCells))]),
    ...errorLines(run.rows),
    "",
  ].join("\n");
}

const RATIO_HEADER = ["peer / java", "in flight", "calls/s", "p50"];

function header({ date, machine, settings }: Run): string[] {
  const { cores, model, os, loadBefore, deno, java, rocketMq } = machine;
  const { seconds, rounds, warmUp, body, inFlight, peers } = settings;
  return [
    `- ${date}; ${cores} cores, ${model}, ${os}; load before: ${loadBefore.toFixed(2)}`,
    `- Deno ${deno}, Java ${java}, RocketMQ ${rocketMq}`,
    `- in flight ${inFlight.join(", ")}; ${rounds} rounds of ${peers.join(", ")}; windows of ${seconds} s ` +
    `after ${warmUp} s; bodies of ${body} bytes`,
  ];
}

function cells(row: Row): string[] {
  const { requester, responder, broker } = row.cpuUs;
  return [
    row.peer,
    String(row.inFlight),
    spread(row.callsPerSecond, 0),
    spread(row.p50Ms, 2),
    spread(row.p99Ms, 2),
    ...[requester, responder, broker].map((us) => us === undefined ? "no /proc" : us.median.toFixed(0)),
    String(row.failed),
  ];
}

function ratioCells({ peer, inFlight, callsPerSecond, p50 }: Ratio): string[] {
  return [peer, String(inFlight), `${callsPerSecond.toFixed(2)} ×`, `${p50.toFixed(2)} ×`];
}

function errorLines(rows: readonly Row[]): string[] {
  const failed = rows.filter(({ errors }) => errors.length > 0);
  if (failed.length === 0) return [];
  return [
    "",
    ...failed.map(({ peer, inFlight, errors }) => `- ${peer} at ${inFlight}: ${errors.join("; ")}`),
  ];
}
