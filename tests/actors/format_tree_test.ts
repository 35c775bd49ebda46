import assert from "node:assert/strict";
import { formatTree } from "../../actors/format_tree.ts";
import type { TreeNode } from "../../src/call/tree.ts";

function node(id: string, more: Partial<TreeNode> = {}): TreeNode {
  return { id, kind: "worker", state: "running", restarts: 0, children: [], ...more };
}

const atMs = Date.UTC(2027, 0, 2, 3, 4, 5);

Deno.test("formatTree draws one line per node, with what is wrong", () => {
  const transfer = node("transfer", {
    kind: "method",
    state: "suspended",
    reopensAtMs: atMs + 9_000,
    restarts: 6,
    lastFailure: { message: "ledger is closed", atMs },
    details: { depth: 12, running: 0 },
  });
  const payments = node("bank.Payments", {
    kind: "service",
    abandoned: { count: 2, running: ["quote"] },
    children: [node("intake", { kind: "intake" }), transfer],
  });
  const direct = node("direct", { kind: "direct", abandoned: { count: 1, running: [] } });
  const system = node("bank", { kind: "system", children: [payments, direct] });
  assert.equal(
    formatTree(system),
    [
      "bank  system  running",
      "├─ bank.Payments  service  running  abandoned=2 (still running: quote)",
      "│  ├─ intake  intake  running",
      "│  └─ transfer  method  suspended  reopens=2027-01-02T03:04:14.000Z  restarts=6  depth=12" +
      "  last failure 2027-01-02T03:04:05.000Z: ledger is closed",
      "└─ direct  direct  running  abandoned=1",
    ].join("\n"),
  );
});

Deno.test("formatTree keeps texts of others on their line", () => {
  const evil = node("a\nb", {
    lastFailure: { message: "x\r\n└─ fake  system  failed\u2028y\u001b[2J", atMs: NaN },
    details: { "k\n": "v\tw" },
  });
  const text = formatTree(evil);
  assert.equal(text, "a b  worker  running  k =v w  last failure NaN: x └─ fake  system  failed y [2J");
});

Deno.test("formatTree draws children of which there is nothing to tell in one line, and those that are in trouble alone", () => {
  const partitions = Array.from({ length: 5 }, (_, index) => node(`a/${index}`, { kind: "partition" }));
  const intake = node("intake", { children: partitions });
  assert.equal(formatTree(intake), "intake  worker  running\n└─ a/0 … a/4  5 × partition  running");
  partitions[2] = node("a/2", { kind: "partition", lastFailure: { message: "lock lost", atMs } });
  assert.equal(formatTree(node("intake", { children: partitions })).split("\n").length, 6);
});

Deno.test("formatTree shows so many children, those that do not run first, and counts the others", () => {
  const cells = Array.from({ length: 6 }, (_, index) => node(`cell-${index}`));
  cells[4] = node("cell-4", { state: "restarting" });
  const text = formatTree(node("cells", { children: cells }), { maxChildren: 2 });
  assert.deepEqual(text.split("\n").slice(1), [
    "├─ cell-4  worker  restarting",
    "├─ cell-0  worker  running",
    "└─ … 4 more",
  ]);
  assert.equal(formatTree(node("cells", { children: cells })).split("\n").length, 7);
});
