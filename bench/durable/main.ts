/**
 * What a file costs: calls on `embedded()` with and without one, and what the disk alone can do.
 * `deno task bench:durable [--seconds 2] [--in-flight 1,16,256] [--folder .]`.
 */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { loadavg } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { createSystem, defineService, embedded, method } from "rocket-actors";
import { percentile } from "../broker/percentiles.ts";
import { positive, settingsOr, wholes } from "../flags.ts";
import { table } from "../markdown.ts";

const PAD = "x".repeat(118);
const USAGE = "  deno task bench:durable [--seconds 2] [--in-flight 1,16,256] [--folder .]";

const Echo = defineService("bench.Durable", {
  safe: method<{ pad: string }, { pad: string }>({ safe: true, timeoutMs: 60_000 }),
  once: method<{ pad: string }, { pad: string }>({ timeoutMs: 60_000 }),
});

interface Settings {
  readonly seconds: number;
  readonly inFlight: readonly number[];
  readonly folder: string;
}

function settingsFrom(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "seconds": { type: "string", default: "2" },
      "in-flight": { type: "string", default: "1,16,256" },
      "folder": { type: "string", default: "." },
    },
  });
  const { seconds, "in-flight": inFlight, folder } = values;
  return { seconds: positive("seconds", seconds), inFlight: wholes("in-flight", inFlight), folder };
}

/** Keeps exactly so many calls under way for a while. */
async function measure(call: () => Promise<unknown>, inFlight: number, seconds: number): Promise<string[]> {
  const durations: number[] = [];
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    for (let now = performance.now(); now < end;) {
      await call();
      const after = performance.now();
      durations.push(after - now);
      now = after;
    }
  }));
  const rate = durations.length / (performance.now() - begin) * 1_000;
  const sorted = Float64Array.from(durations).sort();
  return [rate.toFixed(0), percentile(sorted, 0.5).toFixed(2), percentile(sorted, 0.99).toFixed(2)];
}

async function rowsOf(file: string | undefined, { seconds, inFlight }: Settings): Promise<string[][]> {
  await using system = await createSystem({ name: "bench", transport: embedded({ file }) });
  await system.serve(Echo, { safe: (input) => input, once: (input) => input }, { concurrency: 1_024 });
  const client = system.client(Echo);
  const rows: string[][] = [];
  for (const name of ["safe", "once"] as const) {
    const call = () => client[name]({ pad: PAD });
    await measure(call, 64, 0.3);
    for (const many of inFlight) {
      const where = file === undefined ? "memory" : "file";
      rows.push([`${where}, ${name}`, String(many), ...await measure(call, many, seconds)]);
    }
  }
  return rows;
}

/** One small transaction after the other: how many milliseconds each takes. */
function disk(file: string): number {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (body TEXT)");
  const insert = database.prepare("INSERT INTO t VALUES (?)");
  const begin = performance.now();
  let count = 0;
  for (; performance.now() - begin < 500; count++) insert.run(PAD);
  const ms = (performance.now() - begin) / count;
  database.close();
  return ms;
}

const settings = settingsOr(settingsFrom, USAGE);
const folder = await Deno.makeTempDir({ dir: settings.folder, prefix: "bench-durable-" });
try {
  console.log(`load ${loadavg().map((load) => load.toFixed(1)).join(" ")}`);
  console.log(`one transaction: ${disk(`${folder}/disk.db`).toFixed(2)} ms`);
  const rows = [...await rowsOf(undefined, settings), ...await rowsOf(`${folder}/broker.db`, settings)];
  console.log(table(["way", "in flight", "calls/s", "p50 ms", "p99 ms"], rows).join("\n"));
} finally {
  await Deno.remove(folder, { recursive: true });
}
