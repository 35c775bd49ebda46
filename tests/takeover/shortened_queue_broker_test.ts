import assert from "node:assert/strict";
import { createClient, createSystem } from "rocket-actors";
import { masterAddress, RocketMqClient, updateOffset } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { freshName, sharedNameServer } from "../broker/shared.ts";
import { workContract } from "./contract.ts";

Deno.test("takeover: a queue that ends before its commit, as after a loss of messages, is served again, and passes nothing over", async () => {
  const nameServers = sharedNameServer();
  const contract = workContract(freshName("shortened"));
  const topic = contract.name.replaceAll(".", "-");
  const echo = ({ n }: { n: number }): number => n;
  const handlers = { safe: echo, idempotent: echo, once: echo };
  await using first = await createSystem({ name: "first", transport: remoting({ nameServers }) });
  await first.serve(contract, handlers);
  await first.close();

  await using tampering = new RocketMqClient({ nameServers, clientId: `tampering-${crypto.randomUUID()}` });
  const route = await tampering.route(topic);
  for (const { brokerName, read } of route.queues) {
    const address = masterAddress(route, brokerName) ?? "";
    for (let queueId = 0; queueId < read; queueId++) {
      await updateOffset(tampering, address, {
        group: `rpc-${topic}`,
        topic,
        brokerName,
        queueId,
        offset: 1_000,
      });
    }
  }

  await using second = await createSystem({ name: "second", transport: remoting({ nameServers }) });
  await second.serve(contract, handlers);
  await using caller = await createClient({ transport: remoting({ nameServers }) });
  const calls = Array.from(
    { length: 16 },
    (_, n) => caller.client(contract, { timeoutMs: 10_000 }).once({ n, ms: 0 }),
  );
  assert.deepEqual(await Promise.all(calls), Array.from({ length: 16 }, (_, n) => n));
});
