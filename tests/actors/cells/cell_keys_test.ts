import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { keyed, keyedCell } from "../../helpers/cells.ts";
import { gated } from "../../helpers/gates.ts";
import { turns } from "../../helpers/settled.ts";

Deno.test("Cell runs calls of different keys at once, and those of one key one at a time in order", async () => {
  const { gates, handler } = gated();
  const cell = keyedCell(handler);
  for (const id of ["a1", "a2", "b1", "a3"]) cell.deliver(keyed(id, id.slice(0, 1)));
  assert.deepEqual([[...gates.keys()], cell.depth], [["a1", "b1"], 2]);
  gates.get("a1")?.resolve(1);
  await turns();
  assert.deepEqual([...gates.keys()], ["a1", "b1", "a2"]);
  gates.get("a2")?.resolve(1);
  await turns();
  assert.deepEqual([[...gates.keys()], cell.running], [["a1", "b1", "a2", "a3"], 2]);
});

Deno.test("Cell holds a key while its crashed call is run again, and no other key", async () => {
  const ran: string[] = [];
  const gate = createDeferred<void>();
  const cell = keyedCell(async (input, { attempt }) => {
    ran.push(`${input} ${attempt}`);
    if (input === "a1") await gate.promise;
    if (input === "a1" && attempt === 1) throw new Error("crash");
  });
  for (const id of ["a1", "a2", "b1"]) cell.deliver(keyed(id, id.slice(0, 1)));
  await turns();
  assert.deepEqual(ran, ["a1 1", "b1 1"]);
  gate.resolve();
  await turns();
  assert.deepEqual([ran, cell.running, cell.depth], [["a1 1", "b1 1", "a1 2", "a2 1"], 0, 0]);
});

Deno.test("Cell refuses a nested call of a key that is at work above it, and only of that key", () => {
  const { gates, handler } = gated();
  const cell = keyedCell(handler);
  cell.deliver(keyed("outer", "a"));
  const [same, other] = [keyed("same", "a"), keyed("other", "b")];
  const [behindOther, own] = [keyed("behind", "b"), "test.Service/run@a"];
  for (const call of [same, other, behindOther]) {
    Object.assign(call, { chain: [own] });
    cell.deliver(call);
  }
  assert.deepEqual([same.result?.ok, gates.has("other"), behindOther.results], [false, true, []]);
});
