import { fileURLToPath } from "node:url";
import { parseReport, type Report } from "./report.ts";

/** What a run came to. */
export interface Outcome extends Report {
  /** Whether the run as a whole succeeded: without a failing test it fails where a file could not be loaded. */
  readonly ok: boolean;
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
export async function runSuites(root: URL, suites: readonly string[], options: RunOptions): Promise<Outcome> {
  const report = new URL(`.test/${options.report}.xml`, root);
  await Deno.mkdir(new URL(".test/", root), { recursive: true });
  await Deno.remove(report).catch(() => {});
  const mode = options.documents ? ["--doc", "--permit-no-files", "--parallel"] : ["--parallel"];
  const command = new Deno.Command(Deno.execPath(), {
    // The types are a matter of `deno task check`.
    args: [
      "test",
      "--frozen",
      "--no-check",
      ...PERMISSIONS,
      ...mode,
      `--junit-path=${fileURLToPath(report)}`,
      ...suites,
    ],
    cwd: root,
    env: { DENO_JOBS: String(options.atOnce ?? 1), ...options.environment },
  });
  const { success } = await command.spawn().status;
  const outcome = parseReport(await Deno.readTextFile(report).catch(() => ""));
  // A run that executed nothing proves nothing.
  const ok = success && outcome.passed + outcome.failures.length > 0;
  return { ...outcome, ok };
}
