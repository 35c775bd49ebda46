import type { TreeAbandoned, TreeNode } from "../src/call/tree.ts";

/** How {@linkcode formatTree} draws. */
export interface FormatTreeOptions {
  /** Children drawn per node; the others are counted. Those that do not run come first. Default: 50. */
  readonly maxChildren?: number;
}

const MAX_CHILDREN = 50;
const FOLDED_FROM = 4;

/**
 * Draws a tree for people, one line per node: id, kind, state, what is wrong, details that are not 0.
 * Four or more children of which there is nothing to tell share one line.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { formatTree } from "rocket-actors";
 *
 * const quote = { id: "quote", kind: "method", state: "running", restarts: 0, children: [] } as const;
 * const payments = { id: "bank.Payments", kind: "service", state: "running", restarts: 1, children: [quote] } as const;
 *
 * assert.equal(formatTree(payments), "bank.Payments  service  running  restarts=1\n└─ quote  method  running");
 * ```
 */
export function formatTree(node: TreeNode, options: FormatTreeOptions = {}): string {
  const lines = [lineOf(node)];
  drawChildren(node, "", options.maxChildren ?? MAX_CHILDREN, lines);
  return lines.join("\n");
}

function drawChildren({ children }: TreeNode, indent: string, most: number, lines: string[]): void {
  // Partitions of a queue-rich topic say nothing one by one, as long as nothing is wrong with them.
  if (children.length >= FOLDED_FROM && children.every(isQuietLeaf)) {
    lines.push(`${indent}└─ ${foldedLine(children)}`);
    return;
  }
  const shown = children.length <= most ? children : troubledFirst(children).slice(0, most);
  const hidden = children.length - shown.length;
  for (const [index, child] of shown.entries()) {
    const last = index === shown.length - 1 && hidden === 0;
    lines.push(`${indent}${last ? "└─ " : "├─ "}${lineOf(child)}`);
    drawChildren(child, `${indent}${last ? "   " : "│  "}`, most, lines);
  }
  if (hidden > 0) lines.push(`${indent}└─ … ${hidden} more`);
}

/** Nothing below it, nothing wrong with it, nothing to tell. */
function isQuietLeaf(node: TreeNode): boolean {
  return node.children.length === 0 && node.state === "running" && node.restarts === 0 &&
    node.lastFailure === undefined && node.abandoned === undefined && node.details === undefined;
}

function foldedLine(children: readonly TreeNode[]): string {
  const kinds = new Set(children.map(({ kind }) => kind));
  const ids = [children[0], children.at(-1)].map((child) => oneLine(child?.id ?? ""));
  return `${ids.join(" … ")}  ${children.length} × ${[...kinds].join(", ")}  running`;
}

/** What does not run must not be among what is left out. */
function troubledFirst(children: readonly TreeNode[]): readonly TreeNode[] {
  const runs = (child: TreeNode) => child.state === "running";
  return [...children.filter((child) => !runs(child)), ...children.filter(runs)];
}

function lineOf(node: TreeNode): string {
  const parts = [oneLine(node.id), node.kind, node.state];
  if (node.reopensAtMs !== undefined) parts.push(`reopens=${timeOf(node.reopensAtMs)}`);
  if (node.restarts > 0) parts.push(`restarts=${node.restarts}`);
  if (node.abandoned !== undefined) parts.push(abandonedText(node.abandoned));
  for (const [name, value] of Object.entries(node.details ?? {})) {
    if (value === 0) continue;
    parts.push(`${oneLine(name)}=${oneLine(String(value))}`);
  }
  if (node.lastFailure !== undefined) {
    parts.push(`last failure ${timeOf(node.lastFailure.atMs)}: ${oneLine(node.lastFailure.message)}`);
  }
  return parts.join("  ");
}

function abandonedText({ count, running }: TreeAbandoned): string {
  return running.length === 0
    ? `abandoned=${count}`
    : `abandoned=${count} (still running: ${running.map(oneLine).join(", ")})`;
}

function timeOf(ms: number): string {
  // A tree may come from elsewhere: a time outside of what a date can hold must not stop the drawing.
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

/** A text of others must not begin a line of its own. */
function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- these are what has to go
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}
