import assert from "node:assert/strict";
import { createDeferred } from "../../src/async/deferred.ts";
import {
  brokerRuntimeInfo,
  type ClientOptions,
  clusterInfo,
  type Command,
  consumerConnections,
  consumerIds,
  consumeStats,
  createSubscriptionGroup,
  createTopic,
  decodeProperties,
  deleteSubscriptionGroup,
  deleteTopic,
  forgetTopic,
  heartbeat,
  lockQueues,
  masterAddress,
  masterAddresses,
  maxOffset,
  minOffset,
  offsetAtTime,
  parseOffsetMessageId,
  producerConnections,
  pull,
  queryByKey,
  queryOffset,
  RocketMqClient,
  sendMessage,
  sendReply,
  topicNames,
  topicStats,
  unlockQueues,
  unregister,
  updateOffset,
  viewMessage,
} from "../../src/rocketmq/mod.ts";
import { findBroker } from "./launcher.ts";

const body = new TextEncoder().encode("hello");
const producerGroup = "native-producers";

/** A topic, a group and a client of their own, and the first master. */
interface Place {
  readonly client: RocketMqClient;
  readonly address: string;
  readonly queue: { readonly topic: string; readonly brokerName: string; readonly queueId: number };
  readonly group: string;
  newClient(options?: Partial<ClientOptions>): RocketMqClient;
}

async function withPlace(
  nameServer: string,
  name: string,
  use: (place: Place) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const id = crypto.randomUUID().slice(0, 8);
  const newClient = (options: Partial<ClientOptions> = {}): RocketMqClient =>
    stack.use(
      new RocketMqClient({ nameServers: nameServer, clientId: `${name}-${crypto.randomUUID()}`, ...options }),
    );
  const client = newClient();
  const [master] = masterAddresses(await clusterInfo(client));
  assert.ok(master !== undefined);
  const [brokerName, address] = master;
  const queue = { topic: `native-${name}-${id}`, brokerName, queueId: 1 };
  const group = `native-group-${name}-${id}`;
  await createTopic(client, address, { topic: queue.topic, readQueues: 2, writeQueues: 2 });
  await createSubscriptionGroup(client, address, { group });
  stack.defer(async () => {
    await deleteTopic(client, address, queue.topic);
    await forgetTopic(client, queue.topic);
    await deleteSubscriptionGroup(client, address, group);
  });
  await use({ client, address, queue, group, newClient });
}

/** Repeats a look-up until it finds: indexes and dispatch lag the acknowledgement. */
async function eventually<T>(find: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    const found = await find();
    if (found !== undefined) return found;
  }
  throw new Error("It never came");
}

Deno.test("RocketMqClient against a broker", async (test) => {
  await using broker = await findBroker();
  const step = (name: string, use: (place: Place) => Promise<void>): Promise<boolean> =>
    test.step(name, () => withPlace(broker.nameServer, name.split(" ")[0]?.replace("()", "") ?? "", use));

  await step(
    "route() finds what createTopic() made, and refuses what is not there",
    async ({ client, queue, address }) => {
      const route = await client.route(queue.topic, { fresh: true });
      assert.equal(masterAddress(route, queue.brokerName), address);
      assert.deepEqual(route.queues, [{ brokerName: queue.brokerName, read: 2, write: 2, perm: 6 }]);
      await assert.rejects(client.route(`${queue.topic}-not`), { kind: "refused", responseCode: 17 });
    },
  );

  await step(
    "pull() is held until sendMessage() and reads all of it back",
    async ({ client, queue, address, group }) => {
      const first = {
        ...queue,
        group,
        offset: 0,
        maxMessages: 32,
        suspendMs: 0,
        subscription: { expression: "*", version: 1 },
      };
      const empty = await pull(client, address, first);
      assert.deepEqual([empty.status, empty.messages.length, empty.nextOffset], ["none", 0, 0]);
      const held = pull(client, address, {
        ...first,
        suspendMs: 15_000,
        subscription: { expression: "a", version: 1 },
      });
      const properties = new Map([["TAGS", "a"], ["KEYS", "k1 k2"], ["größe", "ü b"]]);
      const sent = await sendMessage(client, address, { ...queue, properties, body, producerGroup, flag: 7 });
      assert.deepEqual([sent.status, sent.queueId, sent.queueOffset], ["ok", 1, 0]);
      const { status, messages: [message], nextOffset } = await held;
      assert.ok(message !== undefined);
      assert.deepEqual([status, nextOffset], ["found", 1]);
      assert.deepEqual([message.topic, message.queueId, message.queueOffset, message.flag], [
        queue.topic,
        1,
        0,
        7,
      ]);
      for (const [name, value] of properties) assert.equal(message.properties.get(name), value);
      assert.ok(message.properties.has("CLUSTER"));
      assert.deepEqual(message.body, body);
      assert.equal(message.offsetMessageId, sent.messageId);
      assert.ok(Math.abs(message.storedAtMs - Date.now()) < 60_000);
      assert.equal(parseOffsetMessageId(sent.messageId).commitLogOffset, message.commitLogOffset);
      assert.deepEqual((await viewMessage(client, address, message.commitLogOffset)).body, body);
      assert.equal((await pull(client, address, { ...first, offset: 99 })).status, "offset_moved");
    },
  );

  await step(
    "topicStats() and its neighbours tell what there is",
    async ({ client, queue, address, group }) => {
      const { topic, brokerName } = queue;
      await sendMessage(client, address, { ...queue, properties: [], body, producerGroup });
      assert.ok((await topicNames(client)).includes(topic));
      const stats = await eventually(async () => {
        const found = (await topicStats(client, address, topic)).find((each) => each.queue.queueId === 1);
        return found?.maxOffset === 1 ? found : undefined;
      });
      assert.deepEqual([stats.queue, stats.minOffset], [{ topic, brokerName, queueId: 1 }, 0]);
      assert.ok(Math.abs(stats.storedAtMs - Date.now()) < 60_000);
      await updateOffset(client, address, { ...queue, group, offset: 1 });
      const consumed = (await consumeStats(client, address, { group, topic })).find((each) =>
        each.queue.queueId === 1
      );
      assert.deepEqual([consumed?.brokerOffset, consumed?.consumerOffset], [1, 1]);
      assert.deepEqual(await consumerConnections(client, address, group), []);
      assert.deepEqual(await producerConnections(client, address, `${producerGroup}-${group}`), []);
      const subscriptions = [{ topic, expression: "*", version: Date.now() }];
      const producerGroups = [`${producerGroup}-${group}`];
      await heartbeat(client, address, { producerGroups, consumerGroups: [{ group, subscriptions }] });
      for (
        const connections of [
          await consumerConnections(client, address, group),
          await producerConnections(client, address, `${producerGroup}-${group}`),
        ]
      ) {
        assert.deepEqual(connections.map(({ clientId, version }) => [clientId, version]), [[
          client.clientId,
          441,
        ]]);
      }
    },
  );

  await step(
    "pull() needs a heartbeat when it brings no subscription",
    async ({ client, queue, address, group }) => {
      const request = { ...queue, group, offset: 0, maxMessages: 1, suspendMs: 0 };
      await assert.rejects(pull(client, address, request), { kind: "refused", responseCode: 24 });
      const subscriptions = [{ topic: queue.topic, expression: "*", version: Date.now() }];
      await heartbeat(client, address, { consumerGroups: [{ group, subscriptions }] });
      assert.equal((await pull(client, address, request)).status, "none");
    },
  );

  await step("updateOffset() keeps 53 bits", async ({ client, queue, address, group }) => {
    const place = { ...queue, group };
    assert.equal(await queryOffset(client, address, place), undefined);
    for (const offset of [Number.MAX_SAFE_INTEGER, 3]) {
      await updateOffset(client, address, { ...place, offset });
      assert.equal(await queryOffset(client, address, place), offset);
    }
    await updateOffset(client, address, { ...place, offset: 8 }, { oneway: true });
    await eventually(async () => await queryOffset(client, address, place) === 8 ? true : undefined);
    await assert.rejects(updateOffset(client, address, { ...place, offset: 2 ** 53 }), RangeError);
    assert.deepEqual([await minOffset(client, address, queue), await maxOffset(client, address, queue)], [
      0,
      0,
    ]);
    await sendMessage(client, address, { ...queue, properties: [], body, producerGroup });
    await eventually(async () => await maxOffset(client, address, queue) === 1 ? true : undefined);
    assert.equal(await offsetAtTime(client, address, queue, Date.now() - 3_600_000), 0);
  });

  await step(
    "lockQueues() gives a queue to one client",
    async ({ client, queue, address, group, newClient }) => {
      const other = newClient();
      const queues = [queue, { ...queue, queueId: 0 }];
      assert.deepEqual(await lockQueues(client, address, { group, queues: [queue] }), [queue]);
      assert.deepEqual(await lockQueues(other, address, { group, queues }), [{ ...queue, queueId: 0 }]);
      await unlockQueues(client, address, { group, queues: [queue] });
      assert.equal((await lockQueues(other, address, { group, queues })).length, 2);
    },
  );

  await step(
    "consumerIds() follows heartbeat() and unregister()",
    async ({ client, queue, address, group, newClient }) => {
      const other = newClient();
      const at = { group, brokerName: queue.brokerName };
      assert.deepEqual(await consumerIds(client, address, at), []);
      const subscriptions = [{ topic: queue.topic, expression: "a || b", version: Date.now() }];
      const data = { producerGroups: [producerGroup], consumerGroups: [{ group, subscriptions }] };
      assert.ok((await heartbeat(client, address, data)).brokerVersion > 300);
      await heartbeat(other, address, data);
      const ids = [...await consumerIds(client, address, at)].sort();
      assert.deepEqual(ids, [client.clientId, other.clientId].sort());
      await unregister(other, address, { consumerGroup: group });
      assert.deepEqual(await consumerIds(client, address, at), [client.clientId]);
    },
  );

  await step("queryByKey() finds by key and by unique key", async ({ client, queue, address }) => {
    const properties = [["KEYS", "k1 k2"], ["UNIQ_KEY", "ABCDEF"]] as const;
    await sendMessage(client, address, { ...queue, properties, body, producerGroup });
    for (const query of [{ key: "k2" }, { key: "ABCDEF", uniqueKey: true }]) {
      const found = await eventually(async () => {
        const messages = await queryByKey(client, address, { topic: queue.topic, ...query });
        return messages.length > 0 ? messages : undefined;
      });
      assert.deepEqual(found.map(({ messageId }) => messageId), ["ABCDEF"]);
    }
    assert.deepEqual(await queryByKey(client, address, { topic: queue.topic, key: "k3" }), []);
  });

  await step("brokerRuntimeInfo() tells version and boot time", async ({ client, address }) => {
    const info = await eventually(() => brokerRuntimeInfo(client, address).catch(() => undefined));
    assert.ok(info.bootAtMs > Date.now() - 24 * 3_600_000 && info.bootAtMs <= Date.now());
    assert.match(info.version, /^V\d/);
  });

  await step("nameServers keep small values", async ({ client, queue }) => {
    const { nameServers } = client;
    assert.equal(await nameServers.getValue("rocket-actors", queue.topic), undefined);
    assert.deepEqual(await nameServers.listValues(queue.topic), new Map());
    await nameServers.putValue("rocket-actors", queue.topic, "ü 1");
    assert.equal(await nameServers.getValue("rocket-actors", queue.topic), "ü 1");
    assert.equal((await nameServers.listValues("rocket-actors")).get(queue.topic), "ü 1");
    await nameServers.deleteValue("rocket-actors", queue.topic);
    assert.equal(await nameServers.getValue("rocket-actors", queue.topic), undefined);
  });

  await step("sendReply() reaches the client it names", async ({ client, queue, address, newClient }) => {
    const pushed = createDeferred<Command>();
    const requester = newClient({
      onRequest: (from, command) => {
        if (command.code !== 326) return undefined;
        assert.equal(from, address);
        pushed.resolve(command);
        return { code: 0 };
      },
    });
    await heartbeat(requester, address, { producerGroups: [producerGroup] });
    const reply = (to: string): Promise<unknown> => {
      const properties = [["MSG_TYPE", "reply"], ["CORRELATION_ID", "c-1"], ["REPLY_TO_CLIENT", to]] as const;
      return sendReply(client, address, { ...queue, queueId: 0, properties, body, producerGroup });
    };
    const { messageId, ...result } = Object(await reply(requester.clientId));
    assert.deepEqual(result, { pushed: true });
    assert.equal(typeof messageId, "string");
    const command = await pushed.promise;
    assert.deepEqual(command.body, body);
    assert.equal(decodeProperties(command.fields["properties"] ?? "").get("CORRELATION_ID"), "c-1");
    const failed = Object(await reply("nobody"));
    assert.equal(failed.pushed, false);
    assert.match(failed.reason, /channel of <nobody> not found/);
    assert.match(failed.messageId, /^[0-9A-F]{32}$/);
  });
});
