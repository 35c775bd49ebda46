/**
 * Kills callers, callees, brokers and proxies under load, each at a moment drawn from a seed, and audits what is left:
 *
 *     deno task test:kill [--transport grpc] [--rounds 100] [--role callee] [--seed 1]
 *
 * Without `--role` all of them, in turn. A few rounds follow each other under one load, so that deaths add up; what is
 * wrong is said with its seed, and its files are kept.
 */
// deno-lint-ignore-file no-console -- a program that talks to people
import { parseArgs } from "node:util";
import { startCluster } from "../broker/launcher.ts";
import { playRounds, type Result, type Role, ROLES } from "./round.ts";
import { inFull, summary } from "./summary.ts";
import { TRANSPORTS } from "./transports.ts";

/** How long a broker may take to start, on a machine that does other things too. Milliseconds. */
const STARTED_MS = 600_000;
/** Rounds under one load. */
const AT_A_TIME = 5;

const { values } = parseArgs({
  options: {
    transport: { type: "string", default: "remoting" },
    rounds: { type: "string", default: "100" },
    role: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
const transport = TRANSPORTS.find((name) => name === values.transport);
if (transport === undefined) {
  throw new TypeError(`Cannot go by "${values.transport}": it must be one of ${TRANSPORTS.join(", ")}`);
}
const all: readonly Role[] = ROLES[transport];
const known = all.find((role) => role === values.role);
if (values.role !== undefined && known === undefined) {
  throw new TypeError(`Cannot kill a "${values.role}": it must be one of ${all.join(", ")}`);
}
const roles = known === undefined ? all : [known];
const rounds = Number(values.rounds);
const first = Number(values.seed);
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(first)) {
  throw new TypeError(
    `Cannot play ${values.rounds} rounds from seed ${values.seed}: both must be whole numbers`,
  );
}

let kept = true;
const summaries: string[] = [];
for (const role of roles) {
  await using cluster = await startCluster({ proxy: transport === "grpc", timeoutMs: STARTED_MS });
  const results: Result[] = [];
  for (let played = 0; played < rounds; played += AT_A_TIME) {
    const count = Math.min(AT_A_TIME, rounds - played);
    const result = await playRounds(cluster, Array.from({ length: count }, () => role), first + played);
    results.push(result);
    console.log(inFull(role, result));
  }
  kept &&= results.every(({ violations }) => violations.length === 0);
  summaries.push(summary(role, results));
}
console.log(summaries.join("\n"));
Deno.exit(kept ? 0 : 1);
