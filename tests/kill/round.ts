import type { Cluster } from "../broker/launcher.ts";
import { violations } from "./audit.ts";
import { OVERLOADED_MS } from "./broker_pulse.ts";
import type { Outage } from "./evidence.ts";
import { type Figures, figures } from "./figures.ts";
import { firstBetween, isOpen, slowestBetween } from "./lives.ts";
import { Draw } from "./random.ts";
import { Stage } from "./stage.ts";
import type { TransportName } from "./transports.ts";

/** Who is killed: with `owner+broker` at the same moment. `rolling` stops its instances gracefully, one by one. */
export const ROLES = {
  remoting: ["callee", "caller", "broker", "owner+broker", "rolling"],
  grpc: ["callee", "caller", "proxy", "broker", "rolling"],
} as const satisfies Readonly<Record<TransportName, readonly string[]>>;
/** Who is killed. */
export type Role = typeof ROLES[TransportName][number];

/** How soon one round was over. */
export interface Recovery {
  readonly role: Role;
  /** From the death, or the broker's return, until the first new call succeeded, in milliseconds. */
  readonly servedAgainMs: number;
  /** From then until the last call succeeded that had waited for it, in milliseconds. */
  readonly slowestMs: number;
  /** The slowest answer of the broker meanwhile to somebody else, in milliseconds. */
  readonly brokerMs: number;
}

/** What became of rounds that followed each other under one load. */
export interface Result extends Figures {
  readonly seed: number;
  readonly recoveries: readonly Recovery[];
  /** What is wrong; nothing where all promises were kept. */
  readonly violations: readonly string[];
  /** Its files; kept where something is wrong. */
  readonly directory: string;
}

/** How soon something must be over, in milliseconds. */
interface Limits {
  /** From a death, or the return of who was killed, until a new call succeeds. */
  readonly servedAgainMs: number;
  /** Until the last call has succeeded that had to wait for it. */
  readonly slowestMs: number;
}

const OWNED: Limits = { servedAgainMs: 5_000, slowestMs: 5_000 };
/** By gRPC a dead process's messages come again after 5 s, and brokers look for them every few seconds. */
const REDELIVERED: Limits = { servedAgainMs: 3_000, slowestMs: 15_000 };
/**
 * On a topic with an order a queue gives out nothing behind what a dead process had received, or what came within a
 * second for its last receive: when all have died, every caller soon waits behind such a message.
 */
const HELD_UP: Limits = { servedAgainMs: 8_000, slowestMs: 15_000 };
/** Proxies find a broker again up to 40 s after its return. */
const FOUND_AGAIN: Limits = { servedAgainMs: 50_000, slowestMs: 50_000 };
/** Everything else is waited for so long: a dead caller alone holds up its replies for ten seconds. */
const PATIENCE_MS = 60_000;
const ROLLING_INSTANCES = 3;
/** After this a broker has written down the places of a group that has come, in milliseconds. */
const PLACES_KEPT_MS = 6_000;
/** The load goes on for so long after the system is served again. */
const MORE_LOAD_MS = 500;

/**
 * Plays one round per role, under one load on a broker of the test's own, each at a drawn moment; then audits all of
 * them together.
 */
export async function playRounds(cluster: Cluster, roles: readonly Role[], seed: number): Promise<Result> {
  const directory = await Deno.makeTempDir({ prefix: `kill-${seed}-` });
  const draw = new Draw(seed);
  await using stage = new Stage(cluster, directory, draw);
  const wrong: string[] = [];
  await stage.begin();
  const played: Played[] = [];
  for (const role of roles) played.push(await playRound(stage, role, draw));
  wrong.push(...await stage.endLoad());
  const outages = played.map(({ outage }) => outage);
  await until(async () => (await stage.unsettled(outages)).length === 0);
  wrong.push(...(await stage.unsettled(outages)).map((queue) => `Not settled: ${queue}`));
  const evidence = await stage.evidence(outages);
  const recoveries = played.map(({ role, sinceMs, untilMs }): Recovery => ({
    role,
    servedAgainMs: firstBetween(evidence.entries, sinceMs, untilMs),
    slowestMs: slowestBetween(evidence.entries, sinceMs, untilMs),
    brokerMs: stage.pulse.slowest(sinceMs, untilMs),
  }));
  const owned = stage.proxy === undefined;
  const remembers = owned || !roles.includes("broker");
  const runsOnce = remembers || stage.remembers;
  wrong.push(...violations(evidence, { ownedKeys: owned, runsOnce, remembers }));
  wrong.push(...recoveries.flatMap((recovery) => tooSlow(recovery, limitsOf(stage, recovery.role))));
  if (wrong.length === 0) await Deno.remove(directory, { recursive: true });
  return { seed, recoveries, ...figures(evidence), violations: wrong, directory };
}

/** One round, and the time in which calls that had waited were served again; epoch milliseconds. */
interface Played {
  readonly role: Role;
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Until everything that was under way at the death must be well again. */
  readonly outage: Outage;
}

async function playRound(stage: Stage, role: Role, draw: Draw): Promise<Played> {
  await stage.staff(role === "rolling" ? ROLLING_INSTANCES : 2, role === "caller" ? 2 : 1);
  await pause(draw.between(300, 3_000));
  // Where a new group stands, brokers write down every five seconds: one that is killed first begins at the end.
  if (stage.proxy !== undefined && role === "broker") await pause(PLACES_KEPT_MS);
  const fromMs = Date.now();
  const sinceMs = await disturb(stage, role, draw);
  if (!await until(async () => firstBetween(await stage.journal(), sinceMs, Infinity) < Infinity)) {
    throw new Error(
      `No call succeeded within ${PATIENCE_MS} ms after the ${role} round in ${stage.directory}`,
    );
  }
  // What has waited for this is over before the next one, or takes too long.
  const served = Date.now();
  const { slowestMs } = limitsOf(stage, role);
  await until(async () => !isOpen(await stage.journal(), served), slowestMs);
  await pause(MORE_LOAD_MS);
  return { role, sinceMs, untilMs: Date.now(), outage: { fromMs, untilMs: sinceMs + slowestMs } };
}

/** Does to the system what the round is about. Returns from when on it has to be served again, epoch milliseconds. */
async function disturb(stage: Stage, role: Role, draw: Draw): Promise<number> {
  const { broker, proxy, callees, callers } = stage;
  switch (role) {
    case "callee":
      return await killCallee(stage, draw);
    case "caller":
      await callers.shift()?.kill();
      return Date.now();
    case "proxy":
      await proxy?.kill();
      await proxy?.restart();
      return Date.now();
    case "broker":
      await broker.kill();
      await broker.restart();
      return Date.now();
    case "owner+broker":
      await Promise.all([callees.shift()?.kill(), broker.kill()]);
      await broker.restart();
      return Date.now();
    case "rolling":
      return await roll(stage, draw);
  }
}

/** One of two, whose queues the other takes over; or both, and a new one comes. */
async function killCallee(stage: Stage, draw: Draw): Promise<number> {
  if (draw.chance(0.7)) {
    await stage.callees.shift()?.kill();
    const diedAtMs = Date.now();
    if (draw.chance(0.5)) await stage.callee();
    return diedAtMs;
  }
  await Promise.all(stage.callees.splice(0).map((callee) => callee.kill()));
  await stage.callee();
  return Date.now();
}

async function roll(stage: Stage, draw: Draw): Promise<number> {
  const sinceMs = Date.now();
  for (let count = stage.callees.length; count > 0; count--) {
    await stage.callees.shift()?.stop();
    await stage.callee();
    await pause(draw.between(0, 500));
  }
  return sinceMs;
}

function limitsOf({ proxy, ordered }: Stage, role: Role): Limits {
  if (proxy === undefined) return OWNED;
  if (role === "callee" && ordered) return HELD_UP;
  return role === "broker" ? FOUND_AGAIN : REDELIVERED;
}

function tooSlow({ role, servedAgainMs, slowestMs, brokerMs }: Recovery, limits: Limits): readonly string[] {
  if (brokerMs > OVERLOADED_MS) return [];
  return [
    ...(servedAgainMs > limits.servedAgainMs
      ? [`No new call was answered for ${servedAgainMs} ms in a ${role} round`]
      : []),
    ...(slowestMs > limits.slowestMs ? [`A call waited for ${slowestMs} ms in a ${role} round`] : []),
  ];
}

/** Whether it came to be so within the limit. */
async function until(reached: () => Promise<boolean>, limitMs = PATIENCE_MS): Promise<boolean> {
  for (const limit = performance.now() + limitMs; performance.now() < limit;) {
    if (await reached()) return true;
    await pause(100);
  }
  return false;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
