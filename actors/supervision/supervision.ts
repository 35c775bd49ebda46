import type { ChildSpec, GiveUp, Restart } from "./child.ts";
import { checkRestartLimit } from "./restart_limit.ts";
import type { TreeKind } from "../../src/call/tree.ts";

/**
 * Who is restarted when a child fails: only it, all children, or it and those that were started after it.
 */
export type Strategy = "one_for_one" | "one_for_all" | "rest_for_one";

/** How the waits before restarts grow. Each is drawn evenly between 0 and its bound ("full jitter"). */
export interface RestartBackoff {
  /** Bound of the first wait, in milliseconds. Default: 100. */
  readonly initialMs?: number;
  /** What the bound is multiplied by each time. Default: 2. */
  readonly factor?: number;
  /** Largest bound, and how long a suspension lasts, in milliseconds. Default: 10,000. */
  readonly maxMs?: number;
}

/** How a supervisor treats its children. */
export interface SupervisionOptions {
  /** Who is restarted with a child. Default: `one_for_one`. */
  readonly strategy?: Strategy;
  /** Restarts within any period; one more, and the supervisor gives up. 0 to 1,000. Default: 5. */
  readonly intensity?: number;
  /** Length of the period, in milliseconds. Default: 10,000. */
  readonly periodMs?: number;
  /** Waits before restarts. A child that ran for a whole period starts over with the first. */
  readonly backoff?: RestartBackoff;
  /** What giving up means. Default: `suspend`. */
  readonly onGiveUp?: GiveUp;
}

/** {@linkcode SupervisionOptions}, complete and checked. */
export interface Supervision {
  readonly strategy: Strategy;
  readonly intensity: number;
  readonly periodMs: number;
  readonly backoff: Required<RestartBackoff>;
  readonly onGiveUp: GiveUp;
}

/** A {@linkcode ChildSpec} whose times and kinds are known and checked; the functions stay at `spec`. */
export interface CheckedSpec {
  readonly spec: ChildSpec;
  readonly id: string;
  readonly restart: Restart;
  /** 0 for "brutal". */
  readonly shutdownMs: number;
  readonly startMs: number;
  readonly supervisor: boolean;
  readonly kind: TreeKind;
}

/** What holds where nobody says otherwise. */
export const SUPERVISION_DEFAULTS = {
  strategy: "one_for_one",
  intensity: 5,
  periodMs: 10_000,
  backoff: { initialMs: 100, factor: 2, maxMs: 10_000 },
  onGiveUp: "suspend",
  restart: "permanent",
  shutdownMs: 5_000,
  startMs: 30_000,
} as const;

const STRATEGIES: readonly string[] = ["one_for_one", "one_for_all", "rest_for_one"] satisfies Strategy[];
const GIVE_UPS: readonly string[] = ["suspend", "escalate"] satisfies GiveUp[];
const RESTARTS: readonly string[] = ["permanent", "transient", "temporary"] satisfies Restart[];
/** One day: beyond 24.8 of them the platform's timers fire at once. */
const MAX_MS = 86_400_000;

/**
 * Completes and checks what a user wrote.
 *
 * @throws {TypeError} on a word that is not one of those listed
 * @throws {RangeError} on a number out of its range
 */
export function supervisionOf(options: SupervisionOptions = {}): Supervision {
  const defaults = SUPERVISION_DEFAULTS;
  const { initialMs, factor, maxMs } = { ...defaults.backoff, ...withoutUndefined(options.backoff) };
  const supervision: Supervision = {
    strategy: options.strategy ?? defaults.strategy,
    intensity: options.intensity ?? defaults.intensity,
    periodMs: options.periodMs ?? defaults.periodMs,
    backoff: { initialMs, factor, maxMs },
    onGiveUp: options.onGiveUp ?? defaults.onGiveUp,
  };
  word("strategy", supervision.strategy, STRATEGIES);
  word("onGiveUp", supervision.onGiveUp, GIVE_UPS);
  checkRestartLimit(supervision.intensity, supervision.periodMs);
  between("backoff.maxMs", maxMs, 1, MAX_MS);
  between("backoff.initialMs", initialMs, 0, maxMs);
  between("backoff.factor", factor, 1, 1_000);
  return supervision;
}

/**
 * Completes and checks a child's spec.
 *
 * @throws {TypeError} on an empty id, a word that is not one of those listed, or a `start` that is no function
 * @throws {RangeError} on a number out of its range
 */
export function checkSpec(spec: ChildSpec): CheckedSpec {
  if (typeof spec.id !== "string" || spec.id === "") {
    throw new TypeError(`Cannot supervise a child without an id: write a text that is not empty`);
  }
  if (typeof spec.start !== "function") {
    throw new TypeError(`Cannot supervise "${spec.id}": its 'start' must be a function`);
  }
  const supervisor = spec.type === "supervisor";
  if (!supervisor) word("type", spec.type ?? "worker", ["worker", "supervisor"]);
  const restart = spec.restart ?? SUPERVISION_DEFAULTS.restart;
  word("restart", restart, RESTARTS);
  const { shutdownMs = supervisor ? Infinity : SUPERVISION_DEFAULTS.shutdownMs } = spec;
  const { startMs = supervisor ? Infinity : SUPERVISION_DEFAULTS.startMs } = spec;
  if (shutdownMs !== "brutal") duration("shutdownMs", shutdownMs, 0, supervisor);
  duration("startMs", startMs, 1, supervisor);
  if (spec.limit !== undefined) {
    checkRestartLimit(spec.limit.intensity, spec.limit.periodMs);
    word("onGiveUp", spec.limit.onGiveUp ?? SUPERVISION_DEFAULTS.onGiveUp, GIVE_UPS);
  }
  return {
    spec,
    id: spec.id,
    restart,
    shutdownMs: shutdownMs === "brutal" ? 0 : shutdownMs,
    startMs,
    supervisor,
    kind: spec.kind ?? spec.type ?? "worker",
  };
}

function duration(name: string, ms: number, least: number, supervisor: boolean): void {
  if (supervisor && ms === Infinity) return;
  between(name, ms, least, MAX_MS);
}

function between(name: string, value: number, least: number, most: number): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot use '${name}': it must be from ${least} to ${most}: current value is ${String(value)}`,
  );
}

function word(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  const list = allowed.map((each) => `"${each}"`).join(", ");
  throw new TypeError(`Cannot use '${name}': it must be one of ${list}: current value is ${String(value)}`);
}

function withoutUndefined(backoff: RestartBackoff = {}): RestartBackoff {
  return Object.fromEntries(Object.entries(backoff).filter(([, value]) => value !== undefined));
}
