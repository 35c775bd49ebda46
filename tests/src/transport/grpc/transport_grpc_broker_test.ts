import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method, type } from "rocket-actors";
import { masterAddress, pull, RocketMqClient, type StoredMessage } from "rocket-actors/rocketmq";
import { freshName, sharedNameServer, sharedProxy } from "../../../broker/shared.ts";
import { makeTopics, REPLY_TOPIC_SPEC } from "../../../helpers/grpc_topics.ts";
import { operatedGrpc } from "../../../helpers/operated_grpc.ts";
import { assertFails } from "../../../helpers/settled.ts";

/** A port at which nobody listens. */
const NOBODY = "127.0.0.1:1";

async function withOperator(use: (operator: RocketMqClient) => Promise<void>): Promise<void> {
  const clientId = `tools-${crypto.randomUUID()}`;
  await using operator = new RocketMqClient({ nameServers: sharedNameServer(), clientId });
  await makeTopics(operator, [REPLY_TOPIC_SPEC]);
  await use(operator);
}

Deno.test("GrpcTransport serves and calls several contracts from the start, by the name of a host whose first neighbour is dead", async () => {
  await withOperator(async (operator) => {
    const endpoints = `${NOBODY};localhost:${sharedProxy().split(":")[1]}`;
    const transport = () => operatedGrpc(operator, { endpoints, pollMs: 200 });
    const contracts = ["One", "Two", "Three", "Four"].map((name) =>
      defineService(freshName(name), { name: method<number, string>({ safe: true, whenAbsent: "wait" }) })
    );
    await using caller = await createClient({ name: "caller", transport: transport() });
    await using system = await createSystem({ name: "server", transport: transport() });
    await Promise.all(
      contracts.map((contract) => system.serve(contract, { name: (input) => `${input} ${contract.name}` })),
    );
    const answers = await Promise.all(
      contracts.map((contract) => caller.client(contract, { timeoutMs: 20_000 }).name(1)),
    );
    assert.deepEqual(answers, contracts.map(({ name }) => `1 ${name}`));
  });
});

Deno.test("GrpcTransport buries a keyed call that crashed with all it came with, and the next one of its key runs", async () => {
  await withOperator(async (operator) => {
    const contract = defineService(freshName("Buried"), {
      pay: method({ input: type<string>(), output: type<string>(), key: (input) => input.slice(0, 1) }),
    });
    const transport = () => operatedGrpc(operator, { endpoints: sharedProxy(), pollMs: 200 });
    await using system = await createSystem({ name: "server", transport: transport() });
    await system.serve(contract, {
      pay: (input) => {
        if (input === "a1") throw new Error("The handler is broken");
        return input;
      },
    });
    await using caller = await createClient({ name: "caller", transport: transport() });
    const client = caller.client(contract, { timeoutMs: 20_000 });
    const crashed = assertFails(client.pay("a1", { headers: { tenant: "bank" } }), "internal", "replied");
    const next = client.pay("a2");
    const { callId } = await crashed;
    assert.equal(await next, "a2");
    const topic = contract.name.replaceAll(".", "-");
    const letters = await stored(operator, `%DLQ%rpc-${topic}`);
    assert.equal(letters.length, 1);
    const [{ properties, body }] = letters as [StoredMessage];
    assert.equal(new TextDecoder().decode(body), '"a1"');
    const kept = ["KEYS", "TAGS", "rpc-key", "h-tenant"].map((name) => properties.get(name));
    assert.deepEqual(kept, [callId, "pay", "a", "bank"]);
    assert.equal(properties.get("rpc-dead"), "handler crashed; attempts: 1");
    assert.match(properties.get("rpc-origin") ?? "", new RegExp(`^${topic}/proxy/\\d+/\\d+$`));
  });
});

/** All messages of a topic. */
async function stored(operator: RocketMqClient, topic: string): Promise<readonly StoredMessage[]> {
  const messages: StoredMessage[] = [];
  for (const { brokerName, read } of (await operator.route(topic)).queues) {
    const address = masterAddress(await operator.route(topic), brokerName) ?? "";
    for (let queueId = 0; queueId < read; queueId++) {
      const answer = await pull(operator, address, {
        ...{ topic, brokerName, queueId, group: "CID_TOOLS", offset: 0, maxMessages: 32, suspendMs: 0 },
        subscription: { expression: "*", version: 0 },
      });
      messages.push(...answer.messages);
    }
  }
  return messages;
}
