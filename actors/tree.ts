/** What a node of the tree is. */
export type TreeKind =
  | "system"
  | "supervisor"
  | "transport"
  | "service"
  | "entity"
  | "intake"
  | "partition"
  | "method"
  | "cell"
  | "direct"
  | "worker";

/**
 * How a node is doing. `restarting`: it is down and comes back by itself after a short wait. `suspended`: its limit of
 * restarts is spent, it comes back at `reopensAtMs`. `stopped`: it ended, or was stopped, and nothing is wrong.
 * `failed`: it gave up and told its supervisor.
 */
export type TreeState =
  | "starting"
  | "running"
  | "restarting"
  | "suspended"
  | "stopping"
  | "stopped"
  | "failed";

/** What went wrong last. */
export interface TreeFailure {
  /** The error's text, cut at 512 characters. */
  readonly message: string;
  /** When, epoch milliseconds. */
  readonly atMs: number;
}

/** What was told to stop (or to give up its start), did not within its time, and was left behind. */
export interface TreeAbandoned {
  /** How many since this node's supervisor started. */
  readonly count: number;
  /** The ids of those that still run, each once, 16 at most. They cannot be killed, only waited for. */
  readonly running: readonly string[];
}

/** One node of the tree with everything below it: plain JSON, it may travel. */
export interface TreeNode {
  /** Unique among its siblings. */
  readonly id: string;
  /** What it is. */
  readonly kind: TreeKind;
  /** How it is doing. */
  readonly state: TreeState;
  /** How often its supervisor has started it again. */
  readonly restarts: number;
  /** What went wrong last, if anything ever did. */
  readonly lastFailure?: TreeFailure;
  /** While it is suspended: when it starts again, epoch milliseconds. */
  readonly reopensAtMs?: number;
  /** What was left behind below it, if anything ever was. */
  readonly abandoned?: TreeAbandoned;
  /** What else there is to know: depths, counts, names. */
  readonly details?: Readonly<Record<string, number | string | boolean>>;
  /** Its children in the order in which they start. */
  readonly children: readonly TreeNode[];
}

/** How {@linkcode formatTree} draws. */
export interface FormatTreeOptions {
  /** Children drawn per node; the others are counted. Those that do not run come first. Default: 50. */
  readonly maxChildren?: number;
}

/** Longest text of a failure in a tree, in characters. */
const MAX_MESSAGE = 512;
const MAX_CHILDREN = 50;

/** Makes a {@linkcode TreeFailure} of whatever was thrown. */
export function treeFailure(error: unknown, atMs: number): TreeFailure {
  return { message: messageOf(error).slice(0, MAX_MESSAGE), atMs };
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  try {
    return String(error);
  } catch {
    return "an error that has no text";
  }
}

/**
 * Draws a tree for people, one line per node: id, kind, state, what is wrong, details.
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

function drawChildren(node: TreeNode, indent: string, most: number, lines: string[]): void {
  const shown = node.children.length <= most ? node.children : troubledFirst(node.children).slice(0, most);
  const hidden = node.children.length - shown.length;
  for (const [index, child] of shown.entries()) {
    const last = index === shown.length - 1 && hidden === 0;
    lines.push(`${indent}${last ? "└─ " : "├─ "}${lineOf(child)}`);
    drawChildren(child, `${indent}${last ? "   " : "│  "}`, most, lines);
  }
  if (hidden > 0) lines.push(`${indent}└─ … ${hidden} more`);
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
