/** Where the examples are. */
const FOLDER = new URL("../../examples/", import.meta.url);
/** In a text that an example is expected to print: any lines, or none. */
const ANYTHING = "…";
const LIMIT_MS = 60_000;

/** An example and what it says that it prints. */
export interface Example {
  readonly file: string;
  readonly prints: string;
}

/** Every program among the examples: each ends with a comment that says what it prints. */
export function examples(): readonly Example[] {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) => name.endsWith(".ts"));
  return files.sort().flatMap((file) => {
    const source = Deno.readTextFileSync(new URL(file, FOLDER));
    const at = source.indexOf("\n// Prints:\n");
    return at < 0 ? [] : [{ file, prints: uncommented(source.slice(at + "\n// Prints:\n".length)) }];
  });
}

/** Runs an example as a reader would, and returns what it wrote. Fails unless it ends well. */
export async function run(file: string, ...args: readonly string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--frozen", "--no-check", new URL(file, FOLDER).pathname, ...args],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  const { code, stdout, stderr } = await command.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${err}\n${out}`);
  return (out ?? "").trimEnd();
}

/** Whether a text is as expected, where a line `…` stands for any lines. */
export function fits(text: string, expected: string): boolean {
  const parts = expected.split("\n").map((line) => line === ANYTHING ? "[^]*" : literal(line));
  return new RegExp(`^${parts.join("\\n")}$`).test(text);
}

function literal(line: string): string {
  return line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function uncommented(comment: string): string {
  return comment.trimEnd().split("\n").map((line) => line.replace(/^\/\/ ?/, "")).join("\n");
}
