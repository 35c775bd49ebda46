import assert from "node:assert/strict";
import type { TreeNode } from "../../src/call/tree.ts";

/** The node below `root` that these ids lead to. */
export function nodeAt(root: TreeNode, ...path: readonly string[]): TreeNode {
  let node = root;
  for (const id of path) {
    const child = node.children.find((each) => each.id === id);
    assert.ok(child !== undefined, `"${node.id}" has ${node.children.map((each) => each.id)}, not "${id}"`);
    node = child;
  }
  return node;
}
