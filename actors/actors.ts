import type { Mailboxes } from "../src/server/server.ts";
import type { StartContext, StopOptions } from "./supervision/child.ts";
import type { TreeNode } from "../src/call/tree.ts";

/** The actors of one served contract: what calls are delivered to. Started before its intake, stopped after it. */
export interface Actors extends Mailboxes {
  /** Starts what runs from the beginning. `exited` is told when they give up; they are stopped all the same. */
  start(context: StartContext): Promise<void>;
  /** Ends all of them. Called once, also after a start that failed. */
  stop(options: StopOptions): Promise<void>;
  /** They, as data. */
  nodes(): readonly TreeNode[];
}
