import { table } from "../markdown.ts";
import type { Overload } from "./overload.ts";
import type { Settings } from "./settings.ts";
import { FATES, PHASES } from "./window.ts";

/** What the heap may grow by while the overload lasts, in bytes. */
const MOST_GROWTH = 32 * 1024 * 1024;
/** How much longer than without load a started call may take. */
const MOST_TIMES = 2;

/** What is wrong with a run: one sentence for each promise that was not kept. */
export function broken({ measures, heap, unsettled }: Overload, { concurrency }: Settings): string[] {
  const found: string[] = [];
  const { made, settled, mostRunning, strange } = measures;
  if (settled !== made) found.push(`Of ${made} calls, ${made - settled} never settled`);
  if (unsettled > 0) found.push(`${unsettled} calls are still at their callee`);
  if (mostRunning > concurrency) found.push(`${mostRunning} handlers ran at once, not ${concurrency}`);
  if (strange.length > 0) found.push(`${strange.length} calls ended as none should: ${strange[0]}`);
  if (heap.late - heap.early > MOST_GROWTH) found.push(`The heap grew by ${mib(heap.late - heap.early)} MiB`);
  return found;
}

/** What started calls took too long for, by the unloaded service time: not for machines that do something else as well. */
export function slow({ measures }: Overload): string[] {
  const compare = (what: string, before: number, during: number) =>
    during <= before * MOST_TIMES
      ? []
      : [`p99 ${what} was ${during.toFixed(1)} ms, more than ${MOST_TIMES} times ${before.toFixed(1)} ms`];
  return [
    ...compare("of handlers", measures.handlerP99Ms("before"), measures.handlerP99Ms("overload")),
    ...compare("from start to reply", measures.replyP99Ms("before"), measures.replyP99Ms("overload")),
  ];
}

/** The run as Markdown: by phase, and by second. */
export function toMarkdown({ measures, heap }: Overload, settings: Settings): string {
  const { serviceMs, concurrency, factor, timeoutMs, minRemainingMs, transport } = settings;
  const phases = PHASES.map((phase) => {
    const seconds = measures.seconds.filter((second) => second.phase === phase);
    const perSecond = (of: (second: typeof seconds[number]) => number) =>
      (seconds.reduce((sum, second) => sum + of(second), 0) / Math.max(1, seconds.length)).toFixed(0);
    return [
      phase,
      perSecond(({ offered }) => offered),
      ...FATES.map((fate) => perSecond(({ fates }) => fates[fate])),
      measures.handlerP99Ms(phase).toFixed(1),
      measures.replyP99Ms(phase).toFixed(1),
    ];
  });
  return [
    `- ${transport}; capacity ${
      (concurrency / serviceMs * 1_000).toFixed(0)
    } calls/s (${concurrency} handlers of ` +
    `${serviceMs} ms), overload ${factor} times; timeout ${timeoutMs} ms, minRemainingMs ${minRemainingMs}`,
    `- ${measures.made} calls, all settled: ${
      measures.settled === measures.made
    }; ${measures.started} handlers, at most ` +
    `${measures.mostRunning} at once; heap ${mib(heap.early)} MiB early, ${mib(heap.late)} MiB at the end`,
    "",
    ...table([
      "phase",
      "offered/s",
      ...FATES.map((fate) => `${fate}/s`),
      "handler p99 ms",
      "start to reply p99 ms",
    ], phases),
    "",
  ].join("\n");
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
