import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { objection } from "./layers.ts";
import { moduleGraph } from "./module_graph.ts";

const root = new URL("../../", import.meta.url);
const ENTRY_POINTS = Object.values(config.exports).map((path) => path.replace(/^\.\//, ""));

Deno.test("layers: no file imports upwards or sideways", async () => {
  const graph = await moduleGraph(root, ENTRY_POINTS);
  assert.ok(graph.length > 100, `only ${graph.length} imports were found: the test looked at nothing`);
  assert.deepEqual(
    graph.map(({ from, to }) => objection(from, to)).filter((wrong) => wrong !== undefined),
    [],
  );
});

Deno.test("layers: every source is reachable from an entry point", async () => {
  const graph = await moduleGraph(root, ENTRY_POINTS);
  const reached = new Set([...ENTRY_POINTS, ...graph.flatMap(({ from, to }) => [from, to])]);
  const orphans: string[] = [];
  for (const folder of ["src/", "actors/"]) await collectOrphans(folder, reached, orphans);
  assert.deepEqual(orphans, []);
});

Deno.test("layers: an upward import is objected to", () => {
  assert.match(objection("src/call/plan.ts", "src/client/proxy.ts") ?? "", /call.*must not import.*client/);
  assert.match(
    objection("src/transport/embedded/broker.ts", "src/envelope/pack.ts") ?? "",
    /must not import/,
  );
  assert.match(objection("actors/cells/cell.ts", "src/server/server.ts") ?? "", /must not import/);
  assert.match(objection("src/surprise/x.ts", "mod.ts") ?? "", /belongs to no layer/);
  assert.equal(objection("src/client/caller.ts", "src/errors/code.ts"), undefined);
});

async function collectOrphans(
  folder: string,
  reached: ReadonlySet<string>,
  orphans: string[],
): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) await collectOrphans(`${folder}${name}/`, reached, orphans);
    else if (name.endsWith(".ts") && !reached.has(folder + name)) orphans.push(folder + name);
  }
}
