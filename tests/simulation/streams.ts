import { defineService, method, RpcError } from "rocket-actors";
import { drawFaults } from "../../testing/draw_faults.ts";
import type { Fault } from "../../testing/faults.ts";
import type { Process } from "../../testing/process.ts";
import type { World } from "../../testing/world.ts";

/** What a reader asks for. */
interface Order {
  readonly id: number;
  readonly items: number;
  /** How long the handler takes over some of them, in milliseconds. */
  readonly ms: number;
  /** Before which item the handler crashes; beyond the last one, it does not. */
  readonly crashAt: number;
}

/** One item, and which run of which order made it. */
interface Made {
  readonly id: number;
  readonly run: number;
  readonly n: number;
}

const Feed = defineService("test.Feed", {
  once: method.stream<Order, Made>(),
  again: method.stream<Order, Made>({ idempotent: true }),
}, { slots: 1 });

const SERVERS = ["left", "right"];
const STREAMS = 12;
const TIMEOUT_MS = 40_000;
/** From then on nothing goes wrong, and after so long nothing may be at work any more. */
const HEALED_AT_MS = 45_000;
const QUIET_MS = 60_000;

/** How a stream can come to its end; everything else is a finding. */
const TRUTHFUL = new Set([
  "ok",
  "unavailable/not_sent",
  "unavailable/rejected",
  "unavailable/sent_unknown",
  "deadline_exceeded/not_sent",
  "deadline_exceeded/rejected",
  "deadline_exceeded/expired",
  "deadline_exceeded/sent_unknown",
  "deadline_exceeded/replied",
  "deadline_exceeded/executed_reply_lost",
  "internal/sent_unknown",
  "internal/replied",
  "data_loss/sent_unknown",
  "cancelled/rejected",
]);

/** What goes wrong under a seed. */
export function streamFaults(seed: number): readonly Fault[] {
  return drawFaults(seed, {
    count: 6,
    servers: SERVERS,
    callers: ["reader"],
    contracts: [Feed],
    withinMs: 20_000,
    operations: 40,
  });
}

/** Runs handlers and knows which of them are at work. */
class Handlers {
  runs = 0;
  readonly byOrder = new Map<number, number>();
  readonly atWork = new Map<number, Process>();

  /** The handler of both methods in that process. */
  of(process: Process): (order: Order) => AsyncGenerator<Made> {
    return (order: Order) => this.#run(process, order);
  }

  async *#run(process: Process, { id, items, ms, crashAt }: Order): AsyncGenerator<Made> {
    const run = ++this.runs;
    this.byOrder.set(id, (this.byOrder.get(id) ?? 0) + 1);
    this.atWork.set(run, process);
    try {
      for (let n = 1; n <= items; n++) {
        if (n % 10 === 0) await process.sleep(ms);
        if (n === crashAt) throw new Error("planted");
        yield { id, run, n };
      }
    } finally {
      this.atWork.delete(run);
    }
  }
}

function code(how: string): string {
  return how.slice(0, how.indexOf("/"));
}

/**
 * Reads streams beside each other while everything around them breaks.
 *
 * @param ends told how each of them ended
 * @returns what is wrong; nothing, when all is well
 */
export async function playStreams(world: World, seed: number, ends: string[]): Promise<readonly string[]> {
  const random = world.random("streams");
  const handlers = new Handlers();
  const findings: string[] = [];
  for (const name of SERVERS) {
    await world.keep(name, async (process) => {
      const system = await process.system();
      await system.serve(Feed, { once: handlers.of(process), again: handlers.of(process) });
    });
  }
  const reader = world.process("reader");
  const client = (await reader.client()).client(Feed, { timeoutMs: TIMEOUT_MS });
  const read = async (id: number): Promise<void> => {
    const kind = random.pick(["once", "again"] as const);
    const order = {
      id,
      items: random.pick([0, 1, 30, 200, 400]),
      ms: random.int(1, 400),
      crashAt: random.int(1, 1_000),
    };
    const pauseMs = random.pick([0, 0, 50, 3_000]);
    const controller = new AbortController();
    const leaveAt = random.chance(0.2) ? random.int(1, 100) : Infinity;
    await reader.sleep(random.int(0, 15_000));
    const since = world.nowMs;
    const found = (what: string) => findings.push(`stream ${id} (${kind}, ${order.items} items): ${what}`);
    let last: Made | undefined;
    let how = "ok";
    try {
      if (random.chance(0.1)) reader.clock.after(random.int(1, 5_000), () => controller.abort());
      for await (const made of client[kind](order, { signal: controller.signal })) {
        const next = (last?.n ?? 0) + 1;
        if (made.n !== next) found(`item ${made.n} came where ${next} was due`);
        if (made.id !== id || (last !== undefined && made.run !== last.run)) {
          found("an item of another run came");
        }
        last = made;
        if (made.n === leaveAt) break;
        if (pauseMs > 0 && made.n % 50 === 0) await reader.sleep(pauseMs);
      }
    } catch (error) {
      const { code, outcome } = RpcError.from(error);
      how = `${code}/${outcome}`;
      if (last !== undefined && (outcome === "not_sent" || outcome === "rejected" || outcome === "expired")) {
        found(`it says ${how}, and items came`);
      }
    }
    const count = last?.n ?? 0;
    const given = code(how) === "cancelled" && controller.signal.aborted;
    if (!given && !TRUTHFUL.has(how)) found(`it ended with ${how}`);
    if (how === "ok" && count !== Math.min(order.items, leaveAt)) found(`it ended well after ${count} items`);
    if (how === "internal/replied" && count !== order.crashAt - 1) found(`it crashed after ${count} items`);
    if (kind === "once" && (handlers.byOrder.get(id) ?? 0) > 1) found("it ran twice");
    const tookMs = world.nowMs - since;
    const pausesMs = pauseMs * (count / 50);
    if (tookMs > TIMEOUT_MS + pausesMs + 1_000) found(`it took ${tookMs} ms`);
    ends.push(how);
    world.note(`stream ${id} ended with ${how} after ${count} items`);
  };
  await Promise.all(Array.from({ length: STREAMS }, (_, id) => read(seed * 1_000 + id)));
  await new Promise<void>((resolve) => {
    world.clock.after(Math.max(0, HEALED_AT_MS - world.nowMs), () => {
      world.heal();
      world.clock.after(QUIET_MS, resolve);
    });
  });
  for (const [run, process] of handlers.atWork) {
    if (process.alive) findings.push(`run ${run} is still at work, and nobody reads it`);
  }
  return findings;
}
