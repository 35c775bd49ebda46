import {
  createClient,
  createSystem,
  defineService,
  type Method,
  method,
  RpcError,
  type Service,
  type System,
  type Transport,
} from "rocket-actors";
import { setTimeout as sleep } from "node:timers/promises";
import { heapUsed } from "../../tests/helpers/heap.ts";
import { Measures } from "./measures.ts";
import type { Settings } from "./settings.ts";
import { fateOf, type Phase, type Second } from "./window.ts";

/** What is called: it says when its handler began, on the clock that all processes of a machine share. */
type Work = Service<{ readonly work: Method<{ number: number }, { begunAt: number }> }>;

/** What a run has shown. */
export interface Overload {
  readonly measures: Measures;
  /** Heap and external memory after a collection, early in the overload and at its end, in bytes. */
  readonly heap: { readonly early: number; readonly late: number };
  /** Received calls that were never settled: 0, or something is wrong. */
  readonly unsettled: number;
}

const TICK_MS = 5;
/** Of what was not offered in time, the most that is made up for, in milliseconds of load. */
const MOST_OWED_MS = 100;
/** Of the capacity: what is offered before and after the overload. */
const CALM = 0.5;
/** Of the overload, the part after which what is bounded has come to its bound. */
const FILLED = 0.25;
/** How long after the last call everything may take to settle, in milliseconds. */
const SETTLE_LIMIT_MS = 30_000;

/**
 * Offers a service half of its capacity, then many times its capacity, then half of it again.
 *
 * @param transport makes a connection for a system or a client
 * @param onSecond told of each second as it ends
 */
export async function overload(
  settings: Settings,
  transport: () => Transport,
  onSecond: (second: Second) => void = () => {},
): Promise<Overload> {
  const measures = new Measures();
  const contract = contractOf(settings);
  await using system = await createSystem({ name: "overloaded", transport: transport() });
  await serve(system, contract, settings, measures);
  await using client = await createClient({ name: "many", transport: transport() });
  const { work } = client.client(contract);
  const call = async () => {
    measures.called();
    try {
      const { begunAt } = await work({ number: measures.made });
      measures.replied(now() - begunAt);
      measures.ended("answered");
    } catch (error) {
      const fate = error instanceof RpcError ? fateOf(error) : "other";
      if (fate === "other") measures.strange.push(String(error));
      measures.ended(fate);
    }
  };
  const stop = tick(measures, onSecond);
  const { seconds, calmSeconds, factor, concurrency, serviceMs } = settings;
  const capacity = concurrency / serviceMs * 1_000;
  const offer = (phase: Phase, times: number, forSeconds: number) => {
    measures.phase = phase;
    return offerCalls(call, capacity * times, forSeconds);
  };
  await offer("before", CALM, calmSeconds);
  await offer("overload", factor, seconds * FILLED);
  const early = memory();
  await offer("overload", factor, seconds * (1 - FILLED));
  const late = memory();
  await offer("after", CALM, calmSeconds);
  const unsettled = () => system.services().reduce((sum, service) => sum + service.unsettled, 0);
  await settle(() => measures.open === 0 && unsettled() === 0);
  stop();
  return { measures, heap: { early, late }, unsettled: unsettled() };
}

function contractOf({ timeoutMs, minRemainingMs }: Settings): Work {
  const work = method<{ number: number }, { begunAt: number }>({ timeoutMs, minRemainingMs });
  return defineService(`bench.Overload_${Date.now().toString(36)}`, { work });
}

async function serve(system: System, contract: Work, settings: Settings, measures: Measures): Promise<void> {
  const { serviceMs, concurrency } = settings;
  await system.serve(contract, {
    work: async () => {
      const begunAt = now();
      measures.begun();
      await sleep(serviceMs);
      measures.handled(now() - begunAt);
      return { begunAt };
    },
  }, { concurrency });
}

/** Makes so many calls a second, whatever becomes of them. What a machine that was asleep owes is not made up for. */
async function offerCalls(call: () => Promise<void>, perSecond: number, seconds: number): Promise<void> {
  const begin = performance.now();
  let since = begin;
  let due = 0;
  while (since - begin < seconds * 1_000) {
    await sleep(TICK_MS);
    const at = performance.now();
    due = Math.min(due + (at - since) * perSecond / 1_000, perSecond * MOST_OWED_MS / 1_000);
    since = at;
    for (; due >= 1; due--) void call();
  }
}

/** Closes a window every second, until it is stopped. */
function tick(measures: Measures, onSecond: (second: Second) => void): () => void {
  const begin = performance.now();
  const timer = setInterval(() => onSecond(measures.tick((performance.now() - begin) / 1_000)), 1_000);
  return () => clearInterval(timer);
}

async function settle(done: () => boolean): Promise<void> {
  const limit = performance.now() + SETTLE_LIMIT_MS;
  while (!done() && performance.now() < limit) await sleep(10);
}

function memory(): number {
  return heapUsed() + Deno.memoryUsage().external;
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
