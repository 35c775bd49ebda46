/**
 * The long form of `kill_test.ts`: a hundred deaths, or as many as it is told.
 *
 *     deno task test:durable [deaths]
 */
// deno-lint-ignore-file no-console -- a program for a terminal
import { killAgainAndAgain } from "./lives.ts";

const deaths = Number(Deno.args[0] ?? 100);
const { facts, violations } = await killAgainAndAgain(deaths);
const counts = new Map<string, number>();
for (const { is } of facts) counts.set(is, (counts.get(is) ?? 0) + 1);
console.log(`${deaths} deaths:`, [...counts].map(([is, count]) => `${count} ${is}`).join(", "));
for (const violation of violations) console.error(violation);
if (violations.length > 0) Deno.exit(1);
