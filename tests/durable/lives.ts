import { fileURLToPath } from "node:url";
import { violations } from "./audit.ts";
import { type Fact, factsIn } from "./evidence.ts";
import { TemporaryFile } from "../helpers/temporary_file.ts";

/** What became of a broker file whose process was killed again and again. */
export interface Result {
  readonly facts: readonly Fact[];
  readonly violations: readonly string[];
  /** How long each life was at work before it was killed, in milliseconds. */
  readonly livedMs: readonly number[];
  /** What stands beside the broker file in the end. */
  readonly names: readonly string[];
}

const VICTIM = fileURLToPath(new URL("victim.ts", import.meta.url));
const LIMIT_MS = 60_000;

/** Kills a process under load that many times, each at a random moment, and lets the last one finish what is left. */
export async function killAgainAndAgain(times: number): Promise<Result> {
  using file = new TemporaryFile();
  const evidence = `${file.folder}/evidence.jsonl`;
  const livedMs: number[] = [];
  for (let life = 1; life <= times; life++) {
    livedMs.push(await killUnderLoad(file.path, evidence, String(life)));
  }
  const last = victim(file.path, evidence, String(times + 1), "--drain");
  const { code, stderr } = await last.output();
  if (code !== 0) throw new Error(`The last life ended with ${code}: ${new TextDecoder().decode(stderr)}`);
  const facts = await factsIn(evidence);
  return { facts, violations: violations(facts), livedMs, names: file.names };
}

function victim(...args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", VICTIM, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).spawn();
}

/** Kills a life at a random moment of its work, however fast the machine is; returns how long it was at work. */
async function killUnderLoad(file: string, evidence: string, life: string): Promise<number> {
  const child = victim(file, evidence, life);
  const reader = child.stdout.getReader();
  const stderr = new Response(child.stderr).text();
  const first = await reader.read();
  if (first.done) throw new Error(`A life ended before it was killed: ${await stderr}`);
  const readyAt = performance.now();
  const enough = Deno.statSync(evidence).size + 2_000 + Math.random() * 16_000;
  while (Deno.statSync(evidence).size < enough) {
    if (performance.now() - readyAt > LIMIT_MS) throw new Error("A life did no work");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  child.kill("SIGKILL");
  const livedMs = performance.now() - readyAt;
  while (!(await reader.read()).done);
  const { signal } = await child.status;
  if (signal !== "SIGKILL") throw new Error(`A life ended by itself: ${await stderr}`);
  await stderr;
  return livedMs;
}
