/** Calls to foreign contracts that nobody serves, on a real broker. */
import assert from "node:assert/strict";
import { createClient, defineService, method, RpcError } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { freshName, sharedNameServer } from "../broker/shared.ts";
import { makeTopic } from "./class_topic.ts";

Deno.test("a foreign call that nobody answers ends with its timeout", async () => {
  const nameServers = sharedNameServer();
  const Silent = defineService(freshName("nobody"), { ask: method<void, void>() }, { foreign: true });
  await makeTopic(nameServers, Silent.name);
  await using client = await createClient({ transport: remoting({ nameServers }) });
  const timeoutMs = 3_000;
  const begin = performance.now();
  await assert.rejects(client.client(Silent, { timeoutMs }).ask(), (error) => {
    const failure = RpcError.from(error);
    assert.deepEqual([failure.code, failure.outcome], ["deadline_exceeded", "sent_unknown"]);
    return true;
  });
  const took = performance.now() - begin;
  assert(took >= timeoutMs && took < timeoutMs + 5_000, `took ${took} ms`);
});

Deno.test("a foreign call to a topic that does not exist is known not to be sent", async () => {
  const Missing = defineService(freshName("missing"), { ask: method<void, void>() }, { foreign: true });
  await using client = await createClient({ transport: remoting({ nameServers: sharedNameServer() }) });
  await assert.rejects(client.client(Missing, { timeoutMs: 1_000 }).ask(), (error) => {
    assert.equal(RpcError.from(error).outcome, "not_sent");
    return true;
  });
});
