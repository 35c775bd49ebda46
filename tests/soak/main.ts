/** Runs a mixed load for a while and fails on growth: see the usage. */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { parseArgs } from "node:util";
import { grown, tableOf } from "./growth.ts";
import { soak } from "./run.ts";

const USAGE = `deno task soak [--minutes 10] [--rate 1500] [--name-server host:port]`;

const { values } = parseArgs({
  args: [...Deno.args],
  options: {
    "minutes": { type: "string", default: "10" },
    "rate": { type: "string", default: "1500" },
    "name-server": { type: "string" },
  },
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
if (!(minutes >= 1 && rate >= 1)) {
  console.error(`Both numbers have to be 1 at least\n\n${USAGE}`);
  Deno.exit(1);
}
const nameServer = values["name-server"];
console.log(`${minutes} min, ${rate} calls/s, on ${nameServer ?? "embedded()"}; ${new Date().toISOString()}`);
const report = await soak({
  seconds: minutes * 60,
  rate,
  nameServer,
  samples: Math.max(8, Math.round(minutes * 2)),
  changeMs: 4_000,
  onSample: (sample) => console.log(tableOf([sample]).split("\n").at(-1)),
});
console.log(tableOf(report.samples));
const { calls, heldBack, changes, failedStarts, ends, strange } = report;
console.log(
  `${calls} calls, ${heldBack} held back, ${changes} systems came or went, ${failedStarts} did not start in time`,
);
for (const [end, count] of [...ends].sort(([, one], [, other]) => other - one)) {
  console.log(`  ${end}: ${count}`);
}
const wrong = grown(report.samples);
if (strange.length > 0) wrong.push(`${strange.length} calls failed with no RpcError: ${String(strange[0])}`);
for (const sentence of wrong) console.log(sentence);
console.log(wrong.length === 0 ? "Nothing grew." : "FAILED");
Deno.exit(wrong.length === 0 ? 0 : 1);
