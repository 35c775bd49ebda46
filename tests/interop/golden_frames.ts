/**
 * Makes `tests/src/rocketmq/remote/java_frames.json` anew: golden frames as RocketMQ's own classes read and write them.
 * Run it when `golden_requests.ts` has changed: `deno run -A tests/interop/golden_frames.ts`.
 */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { GOLDEN_REQUESTS } from "../src/rocketmq/client/golden_requests.ts";
import { startJava } from "./java.ts";

const LINE_MS = 120_000;
const TARGET = new URL("../src/rocketmq/remote/java_frames.json", import.meta.url);

const frames: Record<string, unknown> = {};
const bodies: Record<string, string> = {};
await using java = await startJava("GoldenFrames", []);
for (const [name, hex] of Object.entries(GOLDEN_REQUESTS)) await java.writeLine(`${name}\t${hex}`);
await java.writeLine("end");
for (let line = await java.nextLine(LINE_MS); line !== "end"; line = await java.nextLine(LINE_MS)) {
  const [kind, name = "", ...rest] = line.split("\t");
  if (kind === "body") bodies[name] = rest[0] ?? "";
  if (kind !== "frame") continue;
  const [header = "", fields = "", json = "", binary = ""] = rest;
  frames[name] = { header, fields: JSON.parse(fields), json, binary };
}
await Deno.writeTextFile(TARGET, `${JSON.stringify({ frames, bodies }, null, 1)}\n`);
console.log(`${Object.keys(frames).length} frames, ${Object.keys(bodies).length} bodies`);
