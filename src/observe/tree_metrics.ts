import type { TreeNode } from "../call/tree.ts";
import type { Attributes } from "../deps/opentelemetry.ts";
import { ATTRIBUTE, RPC_SYSTEM } from "./attributes.ts";
import type { OBSERVED } from "./instruments.ts";
import type { SeriesTable } from "./series.ts";

/** What a system or a client counts anyway. */
export interface Watched {
  /** What came in place of replies. */
  readonly replies: { readonly lateReplies: number; readonly refusedReplies: number };
  /** A system's tree. */
  readonly tree?: (() => TreeNode) | undefined;
}

/** Takes one number of one instrument. */
export type Report = (name: keyof typeof OBSERVED, value: number, attributes: Attributes) => void;

/**
 * Numbers of an intake that are no events: they have instruments of their own, and streams that run are handlers at work.
 * All others only go up.
 */
const NO_EVENTS: ReadonlySet<string> = new Set(["unsettled", "deadLetters", "streamsRunning"]);

/** Reads everything that is counted, where it is counted. */
export function readAll({ replies, tree }: Watched, series: SeriesTable, report: Report): void {
  const everything = { [ATTRIBUTE.system]: RPC_SYSTEM };
  report("lateReplies", replies.lateReplies, everything);
  report("refusedReplies", replies.refusedReplies, everything);
  for (const { active, resends, attributes, used } of series.all()) {
    if (!used) continue;
    report("activeCalls", active, attributes);
    report("resends", resends, attributes);
  }
  for (const node of tree?.().children ?? []) {
    if (node.kind === "service" || node.kind === "entity") readContract(node, report);
  }
}

function readContract({ id: contract, children }: TreeNode, report: Report): void {
  for (const child of children) {
    if (child.kind === "intake") readIntake(contract, child, report);
    else if (child.kind === "method") readActors(`${contract}/${child.id}`, child, report);
    // The actors of an entity, which have all its methods in common.
    else if (child.kind === "supervisor") readActors(`${contract}/*`, child, report);
  }
}

function readIntake(contract: string, { details, children }: TreeNode, report: Report): void {
  const attributes = { [ATTRIBUTE.system]: RPC_SYSTEM, [ATTRIBUTE.contract]: contract };
  for (const [name, value] of Object.entries(details ?? {})) {
    if (typeof value !== "number" || NO_EVENTS.has(name)) continue;
    report("events", value, { ...attributes, [ATTRIBUTE.event]: snake(name) });
  }
  report("unsettled", numberOf(details?.["unsettled"]), attributes);
  report("deadLetters", numberOf(details?.["deadLetters"]), attributes);
  for (const { id: queue, details: known } of children) {
    const here = { ...attributes, [ATTRIBUTE.queue]: queue };
    if (typeof known?.["lag"] === "number") report("lag", known["lag"], here);
    report("age", numberOf(known?.["ageMs"]) / 1_000, here);
  }
}

function readActors(method: string, { details, restarts, abandoned, state }: TreeNode, report: Report): void {
  const attributes = { [ATTRIBUTE.system]: RPC_SYSTEM, [ATTRIBUTE.method]: method };
  report("depth", numberOf(details?.["depth"]), attributes);
  report("running", numberOf(details?.["running"]), attributes);
  report("restarts", restarts, attributes);
  report("abandoned", abandoned?.count ?? 0, attributes);
  report("suspended", state === "suspended" ? 1 : 0, attributes);
  if (typeof details?.["crashes"] === "number") report("crashes", details["crashes"], attributes);
  if (typeof details?.["cells"] === "number") report("cells", details["cells"], attributes);
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** `foundAgain` → `found_again`. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
