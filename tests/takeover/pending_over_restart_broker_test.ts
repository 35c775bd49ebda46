import assert from "node:assert/strict";
import { createClient, createSystem } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { startCluster } from "../broker/launcher.ts";
import { freshName } from "../broker/shared.ts";
import { BrokerPulse } from "../kill/broker_pulse.ts";
import { type Work, workContract } from "./contract.ts";
import { failures, Load, type Settled } from "./load.ts";

/** How soon calls must be answered again after the broker's return, in milliseconds. */
const SERVED_AGAIN_MS = 5_000;
/** What a call may learn that was under way, or was made, while its broker was away. */
const TRUTHFUL = new Set([
  "unavailable/not_sent",
  "unavailable/sent_unknown",
  "deadline_exceeded/sent_unknown",
  "deadline_exceeded/executed_reply_lost",
  "deadline_exceeded/expired",
  "internal/sent_unknown",
]);

Deno.test("takeover: calls under way when their broker is killed and comes back settle with a true outcome, whichever way replies come", async () => {
  await using cluster = await startCluster();
  const [broker] = cluster.brokers;
  assert.ok(broker !== undefined);
  const nameServers = cluster.nameServer;
  await using pulse = new BrokerPulse(nameServers);
  const contract = workContract(freshName("Restart"));
  /** How often each call ran, by caller, method and number: callers number theirs each for themselves. */
  const ran = new Map<string, number>();
  const handler = (method: string) => async ({ n, ms }: Work) => {
    ran.set(`${method} ${n}`, (ran.get(`${method} ${n}`) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, ms));
    return n;
  };
  await using server = await createSystem({ name: "server", transport: remoting({ nameServers }) });
  const handlers = { safe: handler("safe"), idempotent: handler("idempotent"), once: handler("once") };
  await server.serve(contract, handlers);
  await using pushed = await createClient({ transport: remoting({ nameServers, replies: "push" }) });
  await using pulled = await createClient({ transport: remoting({ nameServers, replies: "topic" }) });
  const start = (caller: typeof pushed, first: number): Load =>
    new Load(caller.client(contract, { timeoutMs: 10_000 }), 16, 20, ["once", "safe"], first);
  const loads = [start(pushed, 0), start(pulled, 1_000_000)];
  await Promise.all(loads.map((load) => load.reaches(200)));

  await broker.kill();
  await broker.restart();
  const backAt = performance.now();
  await Promise.all(loads.map((load) => load.succeedsAfter(backAt)));
  const servedAfter = performance.now() - backAt;
  const settled = await Promise.all(loads.map((load) => load.stop()));

  assert.ok(
    servedAfter < SERVED_AGAIN_MS + pulse.allowance(backAt),
    `served again ${servedAfter} ms after the broker's return`,
  );
  for (const [index, calls] of settled.entries()) {
    assert.equal(calls.length, loads[index]?.made);
    assert.deepEqual(Object.keys(failures(calls)).filter((kind) => !TRUTHFUL.has(kind)), []);
    assert.deepEqual(calls.filter((call) => lies(call, ran)), []);
  }
  const twice = [...ran].filter(([name, runs]) => name.startsWith("once") && runs > 1);
  assert.deepEqual(twice, [], "what must not run twice did");
});

/** Whether a call was told something that is not so. */
function lies({ method, n, error }: Settled, ran: ReadonlyMap<string, number>): boolean {
  const didRun = ran.has(`${method} ${n}`);
  if (error === undefined || error.outcome === "executed_reply_lost") return !didRun;
  return (error.outcome === "not_sent" || error.outcome === "expired") && didRun;
}
