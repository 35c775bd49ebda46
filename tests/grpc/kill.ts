// deno-lint-ignore-file no-console -- a program that measures
/** A proxy that is killed under load, and a broker behind it: what is lost, what runs twice, and how long it takes. */
import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method, RpcError } from "rocket-actors";
import { RocketMqClient } from "rocket-actors/rocketmq";
import { type Cluster, startCluster } from "../broker/launcher.ts";
import { freshName } from "../broker/shared.ts";
import { makeTopics, REPLY_TOPIC_SPEC } from "../helpers/grpc_topics.ts";
import { operatedGrpc } from "../helpers/operated_grpc.ts";

/** How long calls go on before and after each kill, in milliseconds. */
const CALM_MS = 3_000;
/** After a kill of the proxy it serves again within this of its return, in milliseconds. */
const PROXY_BACK_MS = 3_000;
/** After a kill of a broker, proxies look at their routes every 20 s, and brokers are found again after that. */
const BROKER_BACK_MS = 60_000;
const CALLERS = 8;

const contract = defineService(freshName("Killed"), {
  again: method<string, string>({ idempotent: true }),
  once: method<string, string>(),
});

/** What became of the calls of one run. */
class Load {
  /** How often each call that must not run twice was run. */
  readonly runs = new Map<string, number>();
  /** Outcomes of those calls, by id. */
  readonly outcomes = new Map<string, string>();
  lastSuccess = 0;
  answered = 0;
  #going = true;
  #count = 0;

  /** Handles such a call. */
  run(id: string): string {
    this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
    return id;
  }

  /** Calls until it is stopped. */
  async go(client: Record<"again" | "once", (id: string) => Promise<string>>): Promise<void> {
    while (this.#going) {
      const id = String(this.#count++);
      const kind = this.#count % 2 === 0 ? "again" : "once";
      try {
        assert.equal(await client[kind](id), id);
        this.lastSuccess = performance.now();
        this.answered++;
        if (kind === "once") this.outcomes.set(id, "replied");
      } catch (error) {
        if (kind === "once") this.outcomes.set(id, RpcError.from(error).outcome);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Ends it. */
  stop(): void {
    this.#going = false;
  }

  /** Waits for an answer to a call. */
  async success(limitMs: number): Promise<number> {
    const since = performance.now();
    while (this.lastSuccess < since) {
      assert.ok(performance.now() - since < limitMs, `no call was answered within ${limitMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.lastSuccess - since;
  }
}

async function underLoad(kill: (cluster: Cluster, load: Load) => Promise<void>): Promise<void> {
  await using cluster = await startCluster({ proxy: true, timeoutMs: 180_000 });
  await using operator = new RocketMqClient({ nameServers: cluster.nameServer, clientId: "operator" });
  await makeTopics(operator, [REPLY_TOPIC_SPEC]);
  const load = new Load();
  const transport = () => operatedGrpc(operator, { endpoints: cluster.proxy ?? "", pollMs: 1_000 });
  await using system = await createSystem({ name: "server", transport: transport() });
  await system.serve(contract, { again: (id) => id, once: (id) => load.run(id) });
  await using caller = await createClient({ name: "caller", transport: transport() });
  const client = caller.client(contract, { timeoutMs: 2_000 });
  const calls = Promise.all(Array.from({ length: CALLERS }, () => load.go(client)));
  try {
    await load.success(20_000);
    await new Promise((resolve) => setTimeout(resolve, CALM_MS));
    await kill(cluster, load);
    await new Promise((resolve) => setTimeout(resolve, CALM_MS));
    await load.success(5_000);
  } finally {
    load.stop();
    await calls;
  }
  const twice = [...load.runs].filter(([, runs]) => runs > 1);
  assert.deepEqual(twice, [], "what must not run twice ran twice");
  for (const [id, outcome] of load.outcomes) {
    if (outcome === "not_sent" || outcome === "expired" || outcome === "rejected") {
      assert.equal(load.runs.get(id) ?? 0, 0, `call ${id} ran, and its caller was told ${outcome}`);
    }
  }
  console.log(`${load.answered} calls were answered, ${load.runs.size} of those that run once ran`);
}

Deno.test("grpc() serves again within 3 s of the return of a proxy that was killed under load", async () => {
  await underLoad(async ({ proxyHandle }, load) => {
    await proxyHandle?.kill();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await proxyHandle?.restart();
    const tookMs = await load.success(30_000);
    console.log(`serving ${Math.round(tookMs)} ms after the proxy answered again`);
    assert.ok(tookMs < PROXY_BACK_MS, `it took ${tookMs} ms`);
  });
});

Deno.test("grpc() serves again once the proxy has found a broker that was killed and restarted", async () => {
  await underLoad(async ({ brokers: [broker] }, load) => {
    await broker?.kill();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await broker?.restart();
    const tookMs = await load.success(BROKER_BACK_MS);
    console.log(`serving ${Math.round(tookMs)} ms after the broker answered again`);
  });
});
