import type { Recovery, Result, Role } from "./round.ts";

const VIOLATIONS_SHOWN = 20;

/** What rounds under one load came to, with what is wrong. */
export function inFull(role: Role, result: Result): string {
  const { seed, recoveries, failures, violations, directory } = result;
  const times = recoveries.map(({ servedAgainMs, slowestMs, brokerMs }) =>
    `${servedAgainMs}/${slowestMs}/${brokerMs}`
  ).join(" ");
  const lines = [
    `${role}, seed ${seed}: ${violations.length === 0 ? "kept" : "BROKEN"}; ${counts([result])}`,
    `    served again after / slowest call / slowest answer of the broker, in ms: ${times}; failures: ${
      JSON.stringify(failures)
    }`,
    ...violations.slice(0, VIOLATIONS_SHOWN).map((violation) => `    ${violation}`),
  ];
  if (violations.length > 0) lines.push(`    ${violations.length} in all; the files are in ${directory}`);
  return lines.join("\n");
}

/** What all rounds of one role came to, in one line. */
export function summary(role: Role, results: readonly Result[]): string {
  const recoveries = results.flatMap((result) => result.recoveries);
  const most = (pick: (recovery: Recovery) => number): number => Math.max(...recoveries.map(pick));
  const broken = results.filter(({ violations }) => violations.length > 0);
  return [
    `${role}: ${recoveries.length} rounds`,
    broken.length === 0
      ? "all promises kept"
      : `BROKEN with seeds ${broken.map(({ seed }) => seed).join(", ")}`,
    `served again after ${most(({ servedAgainMs }) => servedAgainMs)} ms at most`,
    `slowest call ${most(({ slowestMs }) => slowestMs)} ms`,
    `slowest answer of the broker to others ${most(({ brokerMs }) => brokerMs)} ms`,
    counts(results),
  ].join("; ");
}

function counts(results: readonly Result[]): string {
  const sum = (pick: (result: Result) => number): number =>
    results.reduce((total, result) => total + pick(result), 0);
  return [
    `${sum(({ calls }) => calls)} calls, ${sum(({ succeeded }) => succeeded)} succeeded`,
    `${sum(({ duplicates }) => duplicates)} runs beyond the first`,
    `${sum(({ mayHaveRun }) => mayHaveRun)} of ${
      sum(({ deadLetters }) => deadLetters)
    } dead letters may have run`,
    `${sum(({ unheard }) => unheard)} calls waited in vain`,
    `${sum(({ unanswered }) => unanswered)} requests without stored reply`,
    `${sum(({ pushedOnly }) => pushedOnly)} replies pushed and not stored`,
  ].join("; ");
}
