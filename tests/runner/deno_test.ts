import { fileURLToPath } from "node:url";

/** How many tests passed, failed and were skipped, and whether the run as a whole succeeded. */
export interface Count {
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** How a run differs from the ordinary one. */
export interface RunOptions {
  /** Name of its report under `.test/`. */
  readonly report: string;
  /** Runs the examples in comments and documents instead of test files. */
  readonly documents?: boolean;
  /** Runs so many files at once: for files that share nothing. Default 1. */
  readonly atOnce?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Tests start processes and read `/proc`, which Deno grants only together with everything else. */
const PERMISSIONS = ["--allow-all"];

/** Runs `deno test` over the files and reads what came out from its report. */
export async function runSuites(root: URL, suites: readonly string[], options: RunOptions): Promise<Count> {
  const report = new URL(`.test/${options.report}.xml`, root);
  await Deno.mkdir(new URL(".test/", root), { recursive: true });
  await Deno.remove(report).catch(() => {});
  const mode = options.documents ? ["--doc", "--permit-no-files"] : ["--parallel"];
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "--frozen", ...PERMISSIONS, ...mode, `--junit-path=${fileURLToPath(report)}`, ...suites],
    cwd: root,
    env: { DENO_JOBS: String(options.atOnce ?? 1), ...options.environment },
  });
  const { success } = await command.spawn().status;
  const count = parseReport(await Deno.readTextFile(report).catch(() => ""));
  // A run that executed nothing proves nothing.
  const ok = success && count.passed + count.failed > 0;
  return { ...count, ok };
}

/** Adds up the test suites of a JUnit report. */
export function parseReport(xml: string): Omit<Count, "ok"> {
  let tests = 0;
  let failed = 0;
  let skipped = 0;
  for (const [suite] of xml.matchAll(/<testsuite [^>]*>/g)) {
    tests += attribute(suite, "tests");
    failed += attribute(suite, "failures") + attribute(suite, "errors");
    skipped += attribute(suite, "disabled") + attribute(suite, "skipped");
  }
  return { passed: tests - failed - skipped, failed, skipped };
}

function attribute(element: string, name: string): number {
  return Number(new RegExp(` ${name}="(\\d+)"`).exec(element)?.[1] ?? 0);
}
