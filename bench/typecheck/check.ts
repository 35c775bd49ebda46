import { fileURLToPath } from "node:url";

/** What one check took. */
export interface Timing {
  /** From start to end. */
  readonly seconds: number;
  /** Of all processors together: what other programs on the machine change least. */
  readonly processorSeconds: number;
}

/** What the compiler says is cut here: one mistake may stand in hundreds of methods. */
const ERROR_TEXT_BYTES = 2_000;
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/**
 * Writes a program, checks its types, and says what that took.
 *
 * @throws {Error} when the program does not compile
 */
export async function timedCheck(path: string, source: string, name: string): Promise<Timing> {
  await Deno.writeTextFile(path, source);
  // `times` says what the shell's children used.
  const command = new Deno.Command("sh", {
    args: ["-c", `"$0" check --quiet --config "$1" "$2" && times`, Deno.execPath(), CONFIG, path],
    stdin: "null",
  });
  const start = performance.now();
  const { success, stdout, stderr } = await command.output();
  const seconds = (performance.now() - start) / 1_000;
  const decoder = new TextDecoder();
  if (!success) {
    const text = decoder.decode(stderr.subarray(0, ERROR_TEXT_BYTES));
    throw new Error(`The program "${name}" does not compile: ${text}`);
  }
  return { seconds, processorSeconds: childSeconds(decoder.decode(stdout)) };
}

/** User and system time of the children, by what the shell's `times` prints: `0m1.230s 0m0.140s` in its second line. */
export function childSeconds(times: string): number {
  const children = times.trim().split("\n")[1] ?? "";
  const parts = [...children.matchAll(/(\d+)m([\d.]+)s/g)];
  if (parts.length !== 2) throw new Error(`The shell's times cannot be read: ${times}`);
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}
