/**
 * Plays the bank by many seeds: `deno task test:simulation [--seeds 10000] [--from 1]`. What fails is played again, its
 * faults are made as few as they get, and everything that is needed to find out why is printed.
 */
// deno-lint-ignore-file no-console -- a program that talks to people
import { parseArgs } from "node:util";
import { explore } from "./explore.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seeds: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    keep: { type: "boolean" },
    whole: { type: "boolean" },
  },
});
const from = Number(values.from);
const seeds = Number(values.seeds);
const startedAt = performance.now();
let failed = 0;
for (let seed = from; seed < from + seeds; seed++) {
  const failure = await explore(seed, values.whole !== true);
  if (failure !== undefined) {
    failed++;
    console.log(failure);
    if (values.keep !== true) break;
  }
  if ((seed - from + 1) % 500 === 0) {
    console.log(
      `${seed - from + 1} seeds, ${failed} failed, ${Math.round(performance.now() - startedAt)} ms`,
    );
  }
}
console.log(
  `${seeds} seeds from ${from}: ${failed} failed, ${Math.round((performance.now() - startedAt) / 1_000)} s`,
);
Deno.exit(failed === 0 ? 0 : 1);
