import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method } from "rocket-actors";
import { RocketMqClient, withNamespace } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { deadLetterTopicOf, topicOf } from "../../../../src/call/plan.ts";
import { freshName, sharedNameServer } from "../../../broker/shared.ts";
import { until } from "../../../helpers/settled.ts";

Deno.test("remoting() in namespaces keeps instances of one contract apart, keys, dead letters and all", async () => {
  const nameServers = sharedNameServer();
  const contract = defineService(freshName("Namespaces"), {
    where: method<string, string>(),
    keyed: method<string, string>({ key: (input) => input }),
    lost: method.oneway<string>(),
  });
  await using stack = new AsyncDisposableStack();
  const start = async (namespace: string | undefined) => {
    const transport = () => remoting({ nameServers, namespace });
    const server = stack.use(await createSystem({ name: "server", transport: transport() }));
    const handle = await server.serve(contract, {
      where: (input) => `${namespace} ${input}`,
      keyed: (input) => `${namespace} ${input}`,
      lost: () => {
        throw new Error("as it must");
      },
    });
    await until(() => handle.state().queues.length === 16);
    return { handle, caller: stack.use(await createClient({ name: "caller", transport: transport() })) };
  };
  const spaces = ["team-a", "team_b", undefined];
  const sides = await Promise.all(spaces.map(start));
  for (const [index, { caller }] of sides.entries()) {
    const client = caller.client(contract, { timeoutMs: 15_000 });
    for (const key of ["k1", "k2", "k3"]) {
      assert.equal(await client.where(key), `${spaces[index]} ${key}`);
      assert.equal(await client.keyed(key), `${spaces[index]} ${key}`);
    }
  }
  await sides[0]?.caller.client(contract).lost("x");
  await until(() => sides[0]?.handle.state().deadLetters === 1);
  const tools = stack.use(new RocketMqClient({ nameServers, clientId: `tools-${crypto.randomUUID()}` }));
  for (const namespace of spaces) {
    for (const name of [topicOf(contract.name), deadLetterTopicOf(contract.name)]) {
      assert.ok((await tools.route(withNamespace(namespace, name))).brokers.size > 0);
    }
    const plan = await tools.nameServers.getValue(
      "ROCKET_ACTORS_PLAN",
      withNamespace(namespace, topicOf(contract.name)),
    );
    assert.match(plan ?? "", /^\{"number":1,"slots":4,/);
  }
  assert.throws(() => remoting({ nameServers, namespace: "a%b" }), {
    name: "TypeError",
    message: /'namespace'/,
  });
});
