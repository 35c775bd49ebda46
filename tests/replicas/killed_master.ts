/**
 * A master with a replica that is killed under load and comes back, where the replica stands in for it meanwhile
 * (`enableSlaveActingMaster`) and where it does not:
 *
 *     deno task test:replicas
 *
 * Takes about two minutes.
 */
// deno-lint-ignore-file no-console -- a long form: its figures are for whoever runs it
import assert from "node:assert/strict";
import { createClient, createSystem, type Handler, type System } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { topicOf } from "../../src/call/plan.ts";
import { startCluster } from "../broker/launcher.ts";
import { addressInRoute } from "../broker/probe.ts";
import { freshName } from "../broker/shared.ts";
import { failures, Load } from "../takeover/load.ts";
import type { Work } from "../takeover/contract.ts";
import { turnContract, TurnLoad, Turns } from "./work.ts";

/** Longer than the master is gone. */
const CALL_TIMEOUT_MS = 60_000;
/** How soon a name server gives the replica as the master, and instances have heard of it. */
const STANDS_IN_MS = 20_000;
const HEARD_MS = 8_000;
/** What had been handed out before the kill may begin for so long after it. */
const BEGINNING_MS = 2_000;
/** How soon calls must be answered again after the master's return. */
const SERVED_AGAIN_MS = 10_000;

interface Run {
  readonly instance: string;
  readonly method: string;
  readonly n: number;
  readonly attempt: number;
  readonly at: number;
}

async function until(what: string, ms: number, reached: () => boolean | Promise<boolean>): Promise<void> {
  for (const limit = performance.now() + ms; !await reached();) {
    assert.ok(performance.now() < limit, `waited ${ms} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Mode {
  /** Whether the replica stands in for its master. */
  readonly standsIn: boolean;
  readonly nameServerConfig: Readonly<Record<string, string>>;
  readonly brokerConfig: Readonly<Record<string, string>>;
}

const STANDS_IN: Mode = {
  standsIn: true,
  nameServerConfig: { supportActingMaster: "true" },
  brokerConfig: { enableSlaveActingMaster: "true", totalReplicas: "2", slaveReadEnable: "true" },
};
const KEEPS_A_COPY: Mode = {
  standsIn: false,
  nameServerConfig: {},
  brokerConfig: { slaveReadEnable: "true" },
};

Deno.test("replicas: what a killed master has waits for it while a replica stands in, and nothing of it runs twice as fresh", () =>
  testKilledMaster(STANDS_IN));

Deno.test("replicas: the same where a replica only keeps a copy", () => testKilledMaster(KEEPS_A_COPY));

async function testKilledMaster({ standsIn, ...config }: Mode): Promise<void> {
  await using cluster = await startCluster({ replicas: 1, timeoutMs: 240_000, ...config });
  const { nameServer: nameServers, brokers: [master], replicas: [replica] } = cluster;
  assert.ok(master !== undefined && replica !== undefined);
  const contract = turnContract(freshName("stood_in"));
  const runs: Run[] = [];
  const turns = new Turns();
  const serve = async (name: string): Promise<System> => {
    const system = await createSystem({ name, transport: remoting({ nameServers }) });
    const handler = (method: string): Handler<Work, number> => async ({ n, ms }, { attempt }) => {
      runs.push({ instance: name, method, n, attempt, at: performance.now() });
      await new Promise((resolve) => setTimeout(resolve, ms));
      return n;
    };
    await system.serve(contract, {
      safe: handler("safe"),
      idempotent: handler("idempotent"),
      once: handler("once"),
      turn: (turn) => turns.run(turn, 5),
    }, { concurrency: 2 });
    return system;
  };
  await using one = await serve("one");
  await using two = await serve("two");

  await using caller = await createClient({ transport: remoting({ nameServers }) });
  const client = caller.client(contract, { timeoutMs: CALL_TIMEOUT_MS });
  const load = new Load(client, 96, 10);
  const keyed = new TurnLoad(client, 8);
  await load.reaches(500);
  await load.lasts(2_000);
  await master.kill();
  const killedAt = performance.now();
  const given = standsIn ? replica.address : undefined;
  await until(`the name server gives ${given} as the master`, STANDS_IN_MS, async () => {
    const address = await addressInRoute(nameServers, topicOf(contract.name), { name: master.name, id: 0 });
    return address === given;
  });
  await load.lasts(HEARD_MS);
  const begunMeanwhile = runs.filter(({ at }) => at > killedAt + BEGINNING_MS);
  assert.deepEqual(begunMeanwhile, [], "nothing is begun while the master is gone");
  await using late = await createClient({ transport: remoting({ nameServers }) });
  await assert.rejects(
    late.client(contract, { timeoutMs: 3_000 }).turn({ key: "late", n: 0 }),
    { code: "unavailable", outcome: "not_sent" },
  );

  await master.restart();
  const backAt = performance.now();
  await load.succeedsAfter(backAt);
  const servedAfter = performance.now() - backAt;
  await load.lasts(3_000);
  const [settled] = await Promise.all([load.stop(), keyed.stop()]);

  assert.ok(servedAfter < SERVED_AGAIN_MS, `the first call was answered ${servedAfter} ms after the return`);
  const began = new Map<string, Run[]>();
  for (const run of runs) {
    const name = `${run.method} ${run.n}`;
    began.set(name, [...began.get(name) ?? [], run]);
  }
  const again = [...began.values()].filter((each) => each.length > 1);
  assert.deepEqual(again.filter(([run]) => run?.method === "once"), [], "nothing of that runs twice");
  const fresh = again.filter((each) => each.slice(1).some(({ attempt }) => attempt === 1));
  assert.deepEqual(fresh, [], "nothing runs twice as fresh");
  assert.equal(turns.overlaps, 0, "handlers of one key never overlap");
  assert.deepEqual(turns.late, [], "calls of a key keep their order");
  console.log({
    standsIn,
    calls: settled.length,
    failed: failures(settled),
    turns: keyed.answered,
    again: again.length,
    servedAfter,
  });
  assert.equal(settled.length, load.made);
  const ran = new Set(began.keys());
  const denied = settled.filter(({ error, method, n }) =>
    (error?.outcome === "not_sent" || error?.outcome === "expired") && ran.has(`${method} ${n}`)
  );
  assert.deepEqual(denied, [], "nothing that ran is said not to have run");
  await Promise.all([one.close(), two.close()]);
}
