import assert from "node:assert/strict";
import type { TreeNode } from "../../../src/call/tree.ts";
import { statsOf } from "../../../src/services/stats.ts";

function node(id: string, kind: TreeNode["kind"], more: Partial<TreeNode> = {}): TreeNode {
  return { id, kind, state: "running", restarts: 0, children: [], ...more };
}

Deno.test("statsOf finds the numbers of every contract and method, and nothing else", () => {
  const system = node("bank", "system", {
    children: [
      node("transport", "transport", { details: { connection: "connected", delayMs: 5 } }),
      node("bank.Payments", "service", {
        children: [
          node("intake", "intake", {
            details: { unsettled: 2, deadLetters: 1 },
            children: [node("a/0", "partition")],
          }),
          node("quote", "method", { details: { depth: 3, crashes: 0, note: "text" } }),
          node("transfer", "method", { restarts: 4, details: { crashes: 4 } }),
        ],
      }),
      node("bank.Account", "entity", {
        children: [node("cells", "supervisor", { details: { cells: 9 }, children: [node("acc-1", "cell")] })],
      }),
    ],
  });
  assert.deepEqual(statsOf(system), [
    {
      contract: "bank.Payments",
      counts: { unsettled: 2, deadLetters: 1, restarts: 0 },
      methods: [
        { method: "quote", counts: { depth: 3, crashes: 0, restarts: 0 } },
        { method: "transfer", counts: { crashes: 4, restarts: 4 } },
      ],
    },
    { contract: "bank.Account", counts: {}, methods: [{ method: "*", counts: { cells: 9, restarts: 0 } }] },
  ]);
});

Deno.test("statsOf says nothing of a contract that is down", () => {
  const down = node("bank.Payments", "service", { state: "restarting" });
  assert.deepEqual(statsOf(node("bank", "system", { children: [down] })), [
    { contract: "bank.Payments", counts: {}, methods: [] },
  ]);
});
