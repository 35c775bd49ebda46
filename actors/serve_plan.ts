import { MAX_TIMEOUT_MS } from "../src/contract/defaults.ts";
import type { Contract } from "../src/contract/types.ts";
import type { ChildLimit, Restart } from "./supervision/child.ts";
import {
  ABANDON_AFTER_MS,
  ENTITY_MAILBOX,
  FUNCTION_CONCURRENCY,
  MAX_CELLS,
  METHOD_MAILBOX,
  PASSIVATE_AFTER_MS,
} from "./defaults.ts";
import type { MethodHandler } from "./handlers.ts";
import type { ActorSupervision, MethodServeOptions, ServeOptions } from "./serve_options.ts";
import {
  checkSpec,
  type Supervision,
  SUPERVISION_DEFAULTS,
  supervisionOf,
} from "./supervision/supervision.ts";

/** How one actor is kept, complete and checked. */
export interface ActorPlan {
  readonly restart: Restart;
  readonly shutdownMs: number;
  readonly startMs: number;
  readonly limit: Required<ChildLimit>;
}

/** How one method of a service is served, complete and checked. */
export interface MethodPlan {
  /** Handlers that run at once, where it is a function. */
  readonly concurrency: number;
  readonly mailboxCalls: number;
  /** How it is kept, where it is an actor. */
  readonly actor: ActorPlan;
}

/** How a service is served, complete and checked. */
export interface ServicePlan {
  readonly supervision: Supervision;
  readonly abandonAfterMs: number;
  readonly methods: ReadonlyMap<string, MethodPlan>;
}

/** How an entity is served, complete and checked. */
export interface EntityPlan {
  readonly supervision: Supervision;
  readonly actor: ActorPlan;
  readonly mailboxCalls: number;
  readonly abandonAfterMs: number;
  readonly passivateAfterMs: number;
  readonly maxCells: number;
}

const OPTIONS: readonly string[] = [
  "supervision",
  "methods",
  "concurrency",
  "mailboxCalls",
  "passivateAfterMs",
  "maxCells",
  "interceptors",
  "abandonAfterMs",
  "store",
  "timeoutMs",
  "signal",
] satisfies (keyof ServeOptions)[];
const METHOD_OPTIONS: readonly string[] = [
  "concurrency",
  "mailboxCalls",
  "supervision",
] satisfies (keyof MethodServeOptions)[];
const ACTOR_SUPERVISION: readonly string[] = [
  "restart",
  "intensity",
  "periodMs",
  "shutdownMs",
  "startMs",
  "onGiveUp",
] satisfies (keyof ActorSupervision)[];
const SUPERVISION: readonly string[] = ["strategy", "backoff", ...ACTOR_SUPERVISION];

/**
 * Completes and checks what `serve()` was told about a service.
 *
 * @param handlers tells functions and actors apart: each has options that mean nothing to the other
 * @throws {TypeError} on an option that is unknown, has no meaning, or is not one of the words listed
 * @throws {RangeError} on a number out of its range
 */
export function servicePlan(
  contract: Contract,
  handlers: ReadonlyMap<string, MethodHandler>,
  options: ServeOptions,
): ServicePlan {
  known("", options, OPTIONS);
  known("supervision.", options.supervision, SUPERVISION);
  const hint = "only an entity has actors that come and go: leave it out";
  meaningless("passivateAfterMs", options.passivateAfterMs, hint);
  meaningless("maxCells", options.maxCells, hint);
  // The names of methods are the contract's: whatever else stands there is a mistake.
  const perMethod = new Map<string, MethodServeOptions>(
    Object.entries(options.methods ?? {}).map(([name, method]) => [name, method ?? {}]),
  );
  for (const name of perMethod.keys()) {
    if (!handlers.has(name)) {
      throw new TypeError(`Cannot use 'methods.${name}': "${contract.name}" has no method "${name}"`);
    }
  }
  return {
    supervision: groupOf(options),
    abandonAfterMs: abandonAfterMsOf(options),
    methods: new Map(
      [...handlers].map((
        [name, { kind }],
      ) => [name, methodPlan(name, kind, options, perMethod.get(name) ?? {})]),
    ),
  };
}

/**
 * Completes and checks what `serve()` was told about an entity.
 *
 * @throws {TypeError} on an option that is unknown, has no meaning, or is not one of the words listed
 * @throws {RangeError} on a number out of its range
 */
export function entityPlan(options: ServeOptions): EntityPlan {
  known("", options, OPTIONS);
  known("supervision.", options.supervision, SUPERVISION);
  meaningless("concurrency", options.concurrency, "an entity runs one call per key at a time: leave it out");
  meaningless(
    "methods",
    options.methods,
    "the actors of an entity are its keys, not its methods: leave it out",
  );
  meaningless(
    "supervision.strategy",
    options.supervision?.strategy,
    "the keys of an entity are restarted one by one: leave it out",
  );
  return {
    supervision: groupOf(options),
    actor: actorPlan(options.supervision, {}),
    mailboxCalls: wholeNumber("mailboxCalls", options.mailboxCalls ?? ENTITY_MAILBOX.calls),
    abandonAfterMs: abandonAfterMsOf(options),
    passivateAfterMs: between("passivateAfterMs", options.passivateAfterMs ?? PASSIVATE_AFTER_MS, 0),
    maxCells: wholeNumber("maxCells", options.maxCells ?? MAX_CELLS),
  };
}

function methodPlan(
  name: string,
  kind: MethodHandler["kind"],
  options: ServeOptions,
  method: MethodServeOptions,
): MethodPlan {
  const path = `methods.${name}.`;
  known(path, method, METHOD_OPTIONS);
  known(`${path}supervision.`, method.supervision, ACTOR_SUPERVISION);
  if (kind === "actor") {
    const hint = "an actor() runs one call at a time: leave it out, or write a function";
    meaningless(`${path}concurrency`, method.concurrency, hint);
  } else {
    const hint = "a function has no state and nothing to restart: leave it out, or write an actor()";
    meaningless(`${path}supervision`, method.supervision, hint);
  }
  const prefixed = (option: "concurrency" | "mailboxCalls") =>
    method[option] === undefined ? option : `${path}${option}`;
  return {
    concurrency: wholeNumber(
      prefixed("concurrency"),
      method.concurrency ?? options.concurrency ?? FUNCTION_CONCURRENCY,
    ),
    mailboxCalls: wholeNumber(
      prefixed("mailboxCalls"),
      method.mailboxCalls ?? options.mailboxCalls ?? METHOD_MAILBOX.calls,
    ),
    actor: actorPlan(options.supervision, method.supervision ?? {}),
  };
}

/** What applies to the children together. */
function groupOf({ supervision = {} }: ServeOptions): Supervision {
  const { strategy, intensity, periodMs, backoff, onGiveUp } = supervision;
  return supervisionOf({
    ...(strategy !== undefined && { strategy }),
    ...(intensity !== undefined && { intensity }),
    ...(periodMs !== undefined && { periodMs }),
    ...(backoff !== undefined && { backoff }),
    ...(onGiveUp !== undefined && { onGiveUp }),
  });
}

function actorPlan(group: ActorSupervision = {}, own: ActorSupervision): ActorPlan {
  const { restart, intensity, periodMs, shutdownMs, startMs, onGiveUp } = SUPERVISION_DEFAULTS;
  const limit = {
    intensity: own.intensity ?? group.intensity ?? intensity,
    periodMs: own.periodMs ?? group.periodMs ?? periodMs,
    onGiveUp: own.onGiveUp ?? group.onGiveUp ?? onGiveUp,
  };
  const checked = checkSpec({
    id: "actor",
    restart: own.restart ?? group.restart ?? restart,
    shutdownMs: own.shutdownMs ?? group.shutdownMs ?? shutdownMs,
    startMs: own.startMs ?? group.startMs ?? startMs,
    limit,
    start: () => ({ stop: () => {} }),
  });
  return { restart: checked.restart, shutdownMs: checked.shutdownMs, startMs: checked.startMs, limit };
}

function abandonAfterMsOf(options: ServeOptions): number {
  return between("abandonAfterMs", options.abandonAfterMs ?? ABANDON_AFTER_MS, 1);
}

function known(path: string, given: object | undefined, names: readonly string[]): void {
  for (const name of Object.keys(given ?? {})) {
    if (!names.includes(name)) {
      throw new TypeError(
        `Cannot use '${path}${name}': serve() has no such option, it has ${names.join(", ")}`,
      );
    }
  }
}

function meaningless(name: string, value: unknown, hint: string): void {
  if (value !== undefined) throw new TypeError(`Cannot use '${name}': ${hint}`);
}

function wholeNumber(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RangeError(
    `Cannot use '${name}': it must be a whole number above 0: current value is ${String(value)}`,
  );
}

function between(name: string, value: number, least: number): number {
  if (typeof value === "number" && value >= least && value <= MAX_TIMEOUT_MS) return value;
  throw new RangeError(
    `Cannot use '${name}': it must be from ${least} to ${MAX_TIMEOUT_MS} ms: current value is ${
      String(value)
    }`,
  );
}
