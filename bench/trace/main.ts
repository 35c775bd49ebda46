/**
 * Draws the trace of one call over RocketMQ into `docs/trace.svg`: two processes, exported by Deno, collected here.
 *
 *     deno task bench:trace
 */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { startCluster } from "../../tests/broker/launcher.ts";
import { Program } from "../../tests/interop/program.ts";
import { Collector } from "../../tests/otel/collector.ts";
import { dateOfRun } from "../results.ts";
import { toSvg } from "./draw.ts";

const LIMIT_MS = 120_000;

async function main(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const named = Deno.env.get("ROCKET_ACTORS_NAME_SERVER");
  const nameServer = named || stack.use(await startCluster()).nameServer;
  const collector = stack.use(new Collector());
  const start = (role: string) =>
    stack.use(
      new Program({
        name: role,
        command: Deno.execPath(),
        args: ["run", "-A", "--no-check", new URL("program.ts", import.meta.url).pathname, role, nameServer],
        env: collector.environment(role),
      }),
    );
  const callee = start("serve");
  await callee.nextLine(LIMIT_MS);
  const caller = start("call");
  await caller.nextLine(LIMIT_MS);
  for (const program of [caller, callee]) {
    await program.writeLine("end");
    await program.exitCode;
  }
  const root = collector.spans.find(({ name }) => name === "POST /transfers");
  if (root === undefined) throw new Error("The caller exported no trace");
  const file = new URL("../../docs/trace.svg", import.meta.url);
  const title = `One call over RocketMQ, and the one that it makes: ${dateOfRun()}`;
  await Deno.writeTextFile(file, toSvg(collector.spans, root, "call", title));
  // It is checked in, and so formatted as everything else is.
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", file.pathname] }).output();
  console.log(`Picture: ${file.pathname}`);
}

await main();
