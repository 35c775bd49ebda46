/**
 * Runs the tests: `deno task test` all of them, `deno task test:unit` those that need no broker.
 *
 * The broker suites run against RocketMQ as `tests/broker/launcher.ts` finds it: endpoints from the environment,
 * Docker, or jars. Without any of them the suites that did not run are named, and so are those that lack Java, Maven or
 * Go for other clients; in CI that is a failure.
 */
// deno-lint-ignore-file no-console -- a program that talks to people
import { BrokerUnavailable, findBroker } from "./broker/launcher.ts";
import { groupsOf, writeGroups } from "./runner/groups.ts";
import { runnable } from "./runner/programs.ts";
import { brokerSuites, runsBeside, unitSuites } from "./runner/suites.ts";
import { type Outcome, runSuites } from "./runner/deno_test.ts";

const root = new URL("../", import.meta.url);
const unitOnly = Deno.args.includes("--unit");
const inCi = Deno.env.get("CI") !== undefined && Deno.env.get("CI") !== "";
const outcomes: Outcome[] = [];
/** What makes the run a failure, besides tests that failed. */
const troubles: string[] = [];

async function run(
  title: string,
  suites: readonly string[],
  options: Parameters<typeof runSuites>[2],
): Promise<void> {
  console.log(`\n== ${title}: ${suites.length} files`);
  const outcome = await runSuites(root, suites, options);
  outcomes.push(outcome);
  if (!outcome.ok && outcome.failures.length === 0) {
    troubles.push(`${title}: no test failed, and the run did; see above`);
  }
}

// Many of them wait for something most of the time.
const atOnce = 2 * navigator.hardwareConcurrency;
const units = await unitSuites(root);
const groups = groupsOf(units);
await run(`unit tests: ${units.length} files in groups`, await writeGroups(root, "unit", groups), {
  report: "unit",
  atOnce,
});
await run("examples in comments and documents", ["README.md", "docs", "mod.ts", "src", "actors", "testing"], {
  report: "doc",
  documents: true,
  atOnce,
});

if (!unitOnly) {
  const suites = await brokerSuites(root);
  try {
    await using broker = await findBroker({ proxy: true });
    const { ready, lacking } = await runnable(suites, { proxy: broker.proxy !== undefined });
    const from = `RocketMQ at ${broker.nameServer} (${broker.source})`;
    const environment = {
      ROCKET_ACTORS_NAME_SERVER: broker.nameServer,
      ...(broker.proxy === undefined ? {} : { ROCKET_ACTORS_PROXY: broker.proxy }),
    };
    const beside = ready.filter(runsBeside);
    await run(`broker tests on ${from}, two files at a time`, beside, {
      report: "broker-beside",
      atOnce: 2,
      environment,
    });
    const alone = ready.filter((path) => !runsBeside(path));
    await run(`broker tests on ${from}, one file at a time`, alone, { report: "broker", environment });
    if (lacking.size > 0) {
      console.log("\nThese suites did NOT run, for want of programs:");
      for (const [suite, programs] of lacking) console.log(`  ${suite}: ${programs.join(", ")}`);
      if (inCi) troubles.push("CI is set, and suites did not run, for want of programs");
    }
  } catch (error) {
    if (!(error instanceof BrokerUnavailable)) throw error;
    console.log(`\nNo broker: ${error.message}\nThese suites did NOT run:`);
    for (const suite of suites) console.log(`  ${suite}`);
    if (inCi) troubles.push("CI is set, and suites did not run, for want of a broker");
  }
}

// What failed stands at the end: it may be far above, and only the end of a log may be at hand.
const failures = outcomes.flatMap(({ failures }) => failures);
for (const { file, test, text } of failures) console.log(`\nFAILED ${file}: ${test}\n${text}`);
for (const trouble of troubles) console.log(`\nFAILED ${trouble}`);

const total = (pick: (outcome: Outcome) => number): number =>
  outcomes.reduce((sum, outcome) => sum + pick(outcome), 0);
const skipped = total((outcome) => outcome.skipped);
console.log(
  `\ntests: ${total((outcome) => outcome.passed)} passed, ${failures.length} failed` +
    (skipped > 0 ? `, ${skipped} skipped` : ""),
);
Deno.exit(failures.length > 0 || troubles.length > 0 ? 1 : 0);
