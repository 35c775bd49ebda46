import assert from "node:assert/strict";
import { createClient, createSystem, type Transport } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { EVENTS } from "../../src/log/events.ts";
import { type Cluster, startCluster } from "../broker/launcher.ts";
import { freshName } from "../broker/shared.ts";
import { workContract } from "../takeover/contract.ts";
import { eventsOf, recordLogs } from "../helpers/logs.ts";
import { remotingFixture } from "./call_remoting_fixture.ts";
import { callSuite } from "./call_suite.ts";

/** A cluster that is told to store no replies, for all tests of this file. */
let cluster: Cluster | undefined;

Deno.test.beforeAll(async () => {
  cluster = await startCluster({ brokerConfig: { storeReplyMessageEnable: "false" } });
});
Deno.test.afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
});

function transport(): Transport {
  return remoting({ nameServers: cluster?.nameServer ?? "" });
}

callSuite("remoting without stored replies", () => remotingFixture(cluster?.nameServer ?? "", transport));

Deno.test("remoting without stored replies says so once", async () => {
  const records = await recordLogs(async () => {
    const contract = workContract(freshName("Unstored"));
    await using server = await createSystem({ name: "server", transport: transport() });
    const handler = ({ n }: { readonly n: number }): number => n;
    await server.serve(contract, { safe: handler, idempotent: handler, once: handler });
    await using caller = await createClient({ transport: transport() });
    for (let n = 0; n < 5; n++) assert.equal(await caller.client(contract).once({ n, ms: 0 }), n);
  });
  const said = eventsOf(records).filter((event) => event === EVENTS.transport.repliesNotStored);
  assert.equal(said.length, 1, "by the instance that answers");
});
