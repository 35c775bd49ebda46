import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method } from "rocket-actors";
import { RocketMqClient } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { freshName, sharedNameServer, sharedProxy } from "../broker/shared.ts";
import { makeTopics, REPLY_TOPIC_SPEC } from "../helpers/grpc_topics.ts";
import { operatedGrpc } from "../helpers/operated_grpc.ts";
import { assertFails, until } from "../helpers/settled.ts";

Deno.test("a caller by remoting is refused by what is served by gRPC, and its one-way calls are carried out", async () => {
  const nameServers = sharedNameServer();
  await using operator = new RocketMqClient({ nameServers, clientId: `tools-${crypto.randomUUID()}` });
  await makeTopics(operator, [REPLY_TOPIC_SPEC]);
  const contract = defineService(freshName("Mixed"), {
    ask: method<number, number>(),
    wait: method<number, number>({ whenAbsent: "wait" }),
    tell: method.oneway<string>(),
  });
  const told: string[] = [];
  const asked: number[] = [];
  const transport = operatedGrpc(operator, { endpoints: sharedProxy(), pollMs: 200 });
  await using server = await createSystem({ name: "server", transport });
  await server.serve(contract, {
    ask: (input) => asked.push(input),
    wait: (input) => asked.push(input),
    tell: (text) => void told.push(text),
  });
  await using caller = await createClient({ name: "caller", transport: remoting({ nameServers }) });
  const client = caller.client(contract, { timeoutMs: 3_000 });
  const refused = await assertFails(client.ask(1), "unavailable", "not_sent");
  assert.match(refused.message, /serves/);
  await client.tell("hello");
  await until(() => told.length === 1);
  // Whoever insists is not answered: no reply of gRPC can reach an address of remoting.
  await assertFails(client.wait(2), "deadline_exceeded", "sent_unknown");
  assert.deepEqual([told, asked], [["hello"], [2]]);
  assert.equal(server.services()[0]?.undelivered, 1);
});
