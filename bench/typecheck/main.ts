/**
 * How long it takes to check the types of a contract of 500 methods, their handlers and calls, after one change:
 *
 *     deno task bench:types
 *     deno task bench:types --methods 100 --rounds 3
 */
// deno-lint-ignore-file no-console -- a program that talks to people
import os from "node:os";
import { parseArgs } from "node:util";
import { settingsOr, whole } from "../flags.ts";
import { timedCheck, type Timing } from "./check.ts";
import { baseline, contract, schemasAlone, STYLES } from "./generate.ts";

const { methods, rounds } = settingsOr((args) => {
  const { values } = parseArgs({
    args: [...args],
    options: { methods: { type: "string", default: "500" }, rounds: { type: "string", default: "5" } },
  });
  return { methods: whole("methods", values.methods, 1), rounds: whole("rounds", values.rounds, 1) };
}, "  deno task bench:types [--methods 500] [--rounds 5]");

const programs: readonly (readonly [name: string, source: string])[] = [
  ["the library alone", baseline()],
  ...STYLES.flatMap((style): (readonly [string, string])[] =>
    style === "types" ? [["types only", contract(style, methods)]] : [
      [`${style}, schemas alone`, schemasAlone(style, methods)],
      [style, contract(style, methods)],
    ]
  ),
];

const folder = await Deno.makeTempDir({ prefix: "rocket-actors-types-" });
try {
  const timings = programs.map((): Timing[] => []);
  // Round by round, so that whatever else the machine does meets all programs alike; the first fills the caches.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, [name, source]] of programs.entries()) {
      const timing = await timedCheck(`${folder}/${index}.ts`, `${source}// change ${round}\n`, name);
      if (round > 0) timings[index]?.push(timing);
    }
  }
  report(timings);
} finally {
  await Deno.remove(folder, { recursive: true });
}

function report(timings: readonly (readonly Timing[])[]): void {
  console.log(
    `\n${methods} methods, ${rounds} rounds: deno check of one changed file. Deno ${Deno.version.deno}, TypeScript ` +
      `${Deno.version.typescript}, ${os.cpus().length} cores of ${
        os.cpus()[0]?.model ?? "an unknown processor"
      }\n`,
  );
  console.log("| program | seconds, least | median | processor seconds, least |\n| --- | --: | --: | --: |");
  for (const [index, [name]] of programs.entries()) {
    const seconds = (timings[index] ?? []).map((timing) => timing.seconds).sort((a, b) => a - b);
    const [least, median] = [seconds[0], seconds[seconds.length >> 1]];
    const processor = Math.min(...(timings[index] ?? []).map((timing) => timing.processorSeconds));
    console.log(`| ${name} | ${least?.toFixed(1)} | ${median?.toFixed(1)} | ${processor.toFixed(1)} |`);
  }
}
