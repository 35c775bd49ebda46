import assert from "node:assert/strict";
import { createSystem, type ServiceHandle } from "rocket-actors";
import { lockQueues, masterAddress, RocketMqClient, unlockQueues } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { freshName, sharedNameServer } from "../broker/shared.ts";
import { workContract } from "./contract.ts";

/** Locks are renewed every 20 s; the rest is for a machine that pauses. */
const NOTICED_MS = 30_000;
/** What is done at once, on such a machine. */
const SOON_MS = 15_000;

/** Polls until the service owns that many queues. */
async function owns(service: ServiceHandle, queues: number, withinMs: number): Promise<void> {
  for (const until = performance.now() + withinMs; service.state().queues.length !== queues;) {
    assert.ok(performance.now() < until, `it owns ${service.state().queues.length} queues, not ${queues}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

Deno.test("takeover: an owner whose lock went to another notices when it renews, lets go, and takes the queue back later", async () => {
  const nameServers = sharedNameServer();
  const contract = workContract(freshName("lock_loss"));
  const topic = contract.name.replaceAll(".", "-");
  await using system = await createSystem({ name: "robbed", transport: remoting({ nameServers }) });
  const echo = ({ n }: { n: number }): number => n;
  const service = await system.serve(contract, { safe: echo, idempotent: echo, once: echo });
  await owns(service, 16, SOON_MS);

  await using robber = new RocketMqClient({ nameServers, clientId: `robber-${crypto.randomUUID()}` });
  const route = await robber.route(topic);
  const [{ brokerName } = { brokerName: "" }] = route.queues;
  const address = masterAddress(route, brokerName) ?? "";
  const lock = { group: `rpc-${topic}`, queues: [{ topic, brokerName, queueId: 5 }] };
  await unlockQueues(robber, address, { ...lock, holder: `rka1-${system.instance}` });
  assert.equal((await lockQueues(robber, address, lock)).length, 1, "the lock could not be stolen");

  await owns(service, 15, NOTICED_MS);
  assert.ok(service.state().queues.every(({ id }) => id !== 5));
  await unlockQueues(robber, address, lock);
  await owns(service, 16, SOON_MS);
  const answers = await Promise.all(
    Array.from({ length: 32 }, (_, n) => system.client(contract).once({ n, ms: 0 })),
  );
  assert.deepEqual(answers, Array.from({ length: 32 }, (_, n) => n));
});
