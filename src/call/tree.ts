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
