import assert from "node:assert/strict";
import { createDeferred } from "../../../../src/async/deferred.ts";
import * as rocketmq from "../../../../src/rocketmq/mod.ts";
import { AccessAdmin } from "../../../broker/access_admin.ts";
import { type Account, OLD_VERSION, startCluster } from "../../../broker/launcher.ts";

const ADMIN: Account = { accessKey: "administrator", secretKey: "secret-of-admin" };
const APP: Account = { accessKey: "application", secretKey: "secret-of-app" };
const TOPIC = "T";
const GROUP = "g";
const queue = { topic: TOPIC, brokerName: "broker-a", queueId: 0 };
const message = { ...queue, properties: [], body: new Uint8Array(3), producerGroup: "p" };
const first = { ...queue, group: GROUP, offset: 0, maxMessages: 1, suspendMs: 0 };
const pulled = { ...first, subscription: { expression: "*", version: 1 } };

/** A cluster, and clients made for it. */
interface Stage {
  readonly nameServer: string;
  readonly address: string;
  client(
    credentials?: rocketmq.CredentialsSource,
    options?: Partial<rocketmq.ClientOptions>,
  ): rocketmq.RocketMqClient;
}

async function withBroker(version: string | undefined, use: (stage: Stage) => Promise<void>): Promise<void> {
  const accounts = [{ ...APP, topics: [`${TOPIC}=PUB`], groups: [] }];
  await using cluster = await startCluster({
    acl: { admin: ADMIN, accounts },
    ...(version === undefined ? {} : { version }),
  });
  await using clients = new AsyncDisposableStack();
  const { nameServer, brokers: [broker] } = cluster;
  assert.ok(broker !== undefined);
  let count = 0;
  await use({
    nameServer,
    address: broker.address,
    client: (credentials, options) =>
      clients.use(
        new rocketmq.RocketMqClient({
          nameServers: nameServer,
          clientId: `client-${++count}`,
          ...(credentials === undefined ? {} : { credentials }),
          ...options,
        }),
      ),
  });
}

/** Every kind of request that this library makes: all of them are let in. */
async function useEverything(
  client: rocketmq.RocketMqClient,
  address: string,
  pushed: Promise<rocketmq.Command>,
): Promise<void> {
  await rocketmq.createTopic(client, address, { topic: TOPIC, readQueues: 1, writeQueues: 1 });
  await rocketmq.createSubscriptionGroup(client, address, { group: GROUP });
  const subscriptions = [{ topic: TOPIC, expression: "*", version: 1 }];
  const heartbeat = { producerGroups: ["p"], consumerGroups: [{ group: GROUP, subscriptions }] };
  await rocketmq.heartbeat(client, address, heartbeat);
  // Without properties: a field without a value.
  await rocketmq.sendMessage(client, address, message);
  await rocketmq.sendMessage(client, address, { ...message, properties: [["KEYS", "ü k"]] });
  assert.equal((await rocketmq.pull(client, address, pulled)).status, "found");
  const place = { ...queue, group: GROUP };
  await rocketmq.updateOffset(client, address, { ...place, offset: 1 }, { oneway: true });
  while (await rocketmq.queryOffset(client, address, place) !== 1);
  await rocketmq.lockQueues(client, address, { group: GROUP, queues: [queue] });
  await rocketmq.unlockQueues(client, address, { group: GROUP, queues: [queue] });
  assert.deepEqual(await rocketmq.consumerIds(client, address, place), [client.clientId]);
  for (const uniqueKey of [false, true]) {
    await rocketmq.queryByKey(client, address, { topic: TOPIC, key: "none", uniqueKey });
  }
  await rocketmq.maxOffset(client, address, queue);
  await rocketmq.minOffset(client, address, queue);
  await rocketmq.viewMessage(client, address, 0);
  await client.nameServers.putValue("test", "k", "v");
  assert.equal(await client.nameServers.getValue("test", "k"), "v");
  const properties = Object.entries({ MSG_TYPE: "reply", REPLY_TO_CLIENT: client.clientId });
  const reply = await rocketmq.sendReply(client, address, { ...message, properties });
  assert.equal(reply.pushed, true);
  assert.deepEqual((await pushed).body, message.body);
  await rocketmq.unregister(client, address, { producerGroup: "p" });
}

/** What a client that is not let in hears, from everything that could be taken for something else. */
async function assertRefused(
  client: rocketmq.RocketMqClient,
  address: string,
  said: RegExp,
): Promise<void> {
  const refused = { name: "RocketMqError", kind: "refused", responseCode: 16, message: said };
  await assert.rejects(rocketmq.sendMessage(client, address, message), refused);
  await assert.rejects(rocketmq.pull(client, address, pulled), refused);
  await assert.rejects(rocketmq.heartbeat(client, address, { producerGroups: ["p"] }), refused);
  await assert.rejects(rocketmq.consumerIds(client, address, { ...queue, group: GROUP }), refused);
  const properties = Object.entries({ MSG_TYPE: "reply", REPLY_TO_CLIENT: "client-1" });
  await assert.rejects(rocketmq.sendReply(client, address, { ...message, properties }), refused);
}

/** In both serialisations everything is let in; strangers are told what is wrong. */
async function checkSignatures({ client, address }: Stage): Promise<void> {
  for (const serialization of ["binary", "json"] as const) {
    const pushed = createDeferred<rocketmq.Command>();
    const onRequest = (_: string, command: rocketmq.Command): rocketmq.RequestReply => {
      if (command.code === rocketmq.RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT) pushed.resolve(command);
      return { code: 0 };
    };
    const admin = client(ADMIN, { serialization, onRequest });
    await useEverything(admin, address, pushed.promise);
    await admin.close();
  }
  // It is signed with the rest; who it is for is for whoever hands out temporary keys.
  const temporary = client({ ...ADMIN, securityToken: "temporary-token" });
  assert.equal((await rocketmq.sendMessage(temporary, address, message)).status, "ok");
  assert.equal((await rocketmq.pull(temporary, address, pulled)).status, "found");
  await assertRefused(client({ ...ADMIN, secretKey: "of-nobody" }), address, /; check its access key/);
  await assertRefused(client({ ...APP, accessKey: "stranger" }), address, /stranger.*; check its access key/);
  await assertRefused(client(), address, /; give this client credentials$/);
}

/** An account gets what it is granted, and goes on with the secret that replaces its own. */
async function checkAccount({ client, address, nameServer }: Stage): Promise<void> {
  await using admin = new AccessAdmin(nameServer, address, ADMIN);
  await admin.createUser(APP);
  let credentials = APP;
  const app = client(() => credentials);
  const missing = {
    responseCode: 16,
    message: /has no permission to access Topic:T .*; let an operator grant it$/,
  };
  await assert.rejects(rocketmq.sendMessage(app, address, message), missing);
  await admin.grant(APP.accessKey, [`Topic:${TOPIC}`], ["Pub"]);
  assert.equal((await rocketmq.sendMessage(app, address, message)).status, "ok");
  await assert.rejects(rocketmq.pull(app, address, pulled), missing);
  const renewed = { ...APP, secretKey: "another-secret" };
  await admin.updateUser(renewed);
  await assert.rejects(rocketmq.sendMessage(app, address, message), {
    responseCode: 16,
    message: /check signature failed; check its access key and secret key$/,
  });
  credentials = renewed;
  assert.equal((await rocketmq.sendMessage(app, address, message)).status, "ok");
}

Deno.test("RocketMqClient signs its requests for ACL 2.0 and heeds what its account may do", async () => {
  await withBroker(undefined, async (stage) => {
    await checkSignatures(stage);
    await checkAccount(stage);
  });
});

Deno.test("RocketMqClient signs its requests for ACL 1.0", async () => {
  await withBroker(OLD_VERSION, checkSignatures);
});
