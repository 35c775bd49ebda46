import type { Machine } from "../broker/machine.ts";
import { spread, table } from "../markdown.ts";
import type { CallsRow } from "./calls.ts";
import { EMBEDDED_PEERS } from "./peers.ts";
import type { Settings } from "./settings.ts";
import { PACKED, type StopRow, type StopRows } from "./stops.ts";

/** A finished run. */
export interface Run {
  readonly date: string;
  readonly machine: Pick<Machine, "cores" | "model" | "os" | "loadBefore" | "deno"> & { readonly v8: string };
  readonly settings: Settings;
  readonly calls: readonly CallsRow[];
  readonly stops: StopRows;
}

/** The run as Markdown: machine, settings, the calls, the stops of one call. */
export function toMarkdown({ date, machine, settings, calls, stops }: Run): string {
  const { cores, model, os, loadBefore, deno, v8 } = machine;
  const { seconds, rounds, body, peers } = settings;
  return [
    `- ${date}; ${cores} cores, ${model}, ${os}; load before: ${loadBefore.toFixed(2)}`,
    `- Deno ${deno}, V8 ${v8}`,
    `- ${rounds} rounds; windows of ${seconds} s; bodies of ${body} bytes`,
    ...peers.map((name) => `- \`${name}\`: ${EMBEDDED_PEERS[name].what}`),
    "",
    ...table(
      [
        ...["peer", "in flight", "calls/s", "µs per call", "processor µs per call"],
        ...["p50 µs", "p99 µs", "p99.9 µs"],
      ],
      calls.map(callsCells),
    ),
    "",
    ...stopTable("stop of a call", stops.embedded, true),
    "",
    ...stopTable("on a RocketMQ connection", stops.remoting),
    "",
    ...stopTable("stage, its stops together", stops.stages),
    "",
    "Medians over the rounds, least and greatest in brackets.",
    "",
  ].join("\n");
}

function callsCells({ peer, inFlight, callsPerSecond, cpuUs, p50Us, p99Us, p999Us }: CallsRow): string[] {
  const { median, min, max } = callsPerSecond;
  const perCall = { median: 1e6 / median, min: 1e6 / max, max: 1e6 / min };
  return [
    peer,
    String(inFlight),
    spread(callsPerSecond, 0),
    ...[perCall, cpuUs, p50Us, p99Us, p999Us].map((us) => spread(us, 1)),
  ];
}

function stopTable(title: string, rows: readonly StopRow[], withTotal = false): string[] {
  return table([title, "alone µs", `in packs of ${PACKED} µs`], [
    ...rows.map(({ name, aloneUs, packedUs }) => [name, spread(aloneUs, 2), spread(packedUs, 2)]),
    ...(withTotal ? [["all of these", total(rows, "aloneUs"), total(rows, "packedUs")]] : []),
  ]);
}

function total(stops: readonly StopRow[], which: "aloneUs" | "packedUs"): string {
  return stops.reduce((sum, row) => sum + row[which].median, 0).toFixed(2);
}
