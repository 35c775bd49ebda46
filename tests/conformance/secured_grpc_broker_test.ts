import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method } from "rocket-actors";
import { RocketMqClient } from "rocket-actors/rocketmq";
import { grpc, type GrpcOptions } from "rocket-actors/transport/grpc";
import { AccessAdmin } from "../broker/access_admin.ts";
import { type Account, type Cluster, startCluster } from "../broker/launcher.ts";
import { Authority } from "../helpers/certificates.ts";
import { makeTopics, REPLY_TOPIC_SPEC } from "../helpers/grpc_topics.ts";
import { assertFails, failureOf } from "../helpers/settled.ts";

const Greeter = defineService("test.SecuredGrpc", { greet: method<string, string>({ safe: true }) });
const TOPIC = "test-SecuredGrpc";
const ADMIN: Account = { accessKey: "administrator", secretKey: "secret-of-admin" };
const CALLER: Account = { accessKey: "caller", secretKey: "secret-of-caller" };
const SERVER: Account = { accessKey: "server", secretKey: "secret-of-server" };
const START_MS = 120_000;
/** A refusal is passed on in less, in milliseconds. */
const FAST_MS = 12_000;
/** How long a proxy may take to hear of a permission, in milliseconds. */
const GRANTED_MS = 20_000;

/** A proxy that shows a certificate and lets in who is known to its brokers. */
interface Stage {
  readonly cluster: Cluster;
  readonly ca: string;
  options(changes?: Partial<GrpcOptions>): GrpcOptions;
}

async function withSecuredProxy(use: (stage: Stage) => Promise<void>): Promise<void> {
  await using authority = await Authority.create();
  const server = await authority.issue({ commonName: "server", names: "IP:127.0.0.1,DNS:localhost" });
  await using cluster = await startCluster({
    proxy: true,
    acl: { admin: ADMIN },
    tls: { ca: authority.file, ...server.files },
    timeoutMs: START_MS,
  });
  const clientId = `tools-${crypto.randomUUID()}`;
  await using operator = new RocketMqClient({
    nameServers: cluster.nameServer,
    clientId,
    credentials: ADMIN,
  });
  await makeTopics(operator, [
    REPLY_TOPIC_SPEC,
    { topic: TOPIC, queues: 4, group: `rpc-${TOPIC}` },
    { topic: `%DLQ%rpc-${TOPIC}`, queues: 1 },
  ]);
  const ca = await authority.certificate();
  const endpoints = cluster.proxy ?? "";
  const common = { endpoints, pollMs: 200, tls: { ca }, credentials: ADMIN };
  // Its first requests take a cold proxy longer than a start waits.
  await until(() => start(common).then(() => true, () => false), START_MS);
  await use({ cluster, ca, options: (changes) => ({ ...common, ...changes }) });
}

async function start(options: GrpcOptions): Promise<void> {
  await using _ = await createClient({ name: "x", transport: grpc(options) });
}

async function checkHandshakes({ options, ca, cluster }: Stage): Promise<void> {
  const strangers: [GrpcOptions["tls"], RegExp][] = [
    [true, /self-signed|unable to verify|UnknownIssuer|unable to get/i],
    [{ ca, serverName: "other.test" }, /other\.test/],
  ];
  for (const [tls, said] of strangers) {
    const failure = await assertFails(start(options({ tls })), "unavailable", "not_sent");
    assert.match(failure.message, said);
  }
  const port = cluster.proxy?.split(":")[1];
  await using client = await createClient({
    name: "x",
    transport: grpc(options({ endpoints: `localhost:${port}` })),
  });
  await client.client(Greeter).greet("by name");
}

async function checkStrangers({ options }: Stage): Promise<void> {
  const strangers: [GrpcOptions["credentials"], RegExp][] = [
    [undefined, /username cannot be null/],
    [{ ...ADMIN, secretKey: "secret-of-nobody" }, /check signature failed.*; check 'credentials'/],
    [{ accessKey: "nobody", secretKey: "secret" }, /User:nobody is not found.*; check 'credentials'/],
  ];
  for (const [credentials, said] of strangers) {
    const failure = await assertFails(start(options({ credentials })), "unauthenticated", "not_sent");
    assert.match(failure.message, said);
  }
}

/** One thing that an account needs, and how it is refused for want of it. */
type Need = readonly [resource: string, actions: readonly string[]];

/** Does it until the account may: what each time is missing is said, granted, and not missing after that. */
async function grantOneByOne(
  stage: Stage,
  { accessKey }: Account,
  needs: readonly Need[],
  act: () => Promise<void>,
): Promise<void> {
  await using admin = adminOf(stage);
  for (const [resource, actions] of needs) {
    const missing = `User:${accessKey} has no permission to access ${resource.replace("*", "")}`;
    await until(async () => {
      const since = performance.now();
      const failure = await failureOf(act());
      assert.equal(failure.code, "permission_denied", failure.message);
      assert.equal(failure.outcome, "not_sent");
      assert.ok(performance.now() - since < FAST_MS, "asking again does not help");
      return failure.message.includes(missing);
    });
    await admin.grant(accessKey, [resource], actions);
  }
  await until(() => act().then(() => true, (error) => assert.equal(error.code, "permission_denied")));
}

function adminOf({ cluster: { brokers: [broker], nameServer } }: Stage): AccessAdmin {
  assert.ok(broker !== undefined);
  return new AccessAdmin(nameServer, broker.address, ADMIN);
}

async function account(stage: Stage, account: Account): Promise<Account> {
  await using admin = adminOf(stage);
  await admin.createUser(account);
  return account;
}

async function checkCaller(stage: Stage): Promise<void> {
  const credentials = await account(stage, CALLER);
  const needs: readonly Need[] = [
    ["Topic:rpc-replies", ["Pub", "Sub"]],
    ["Group:rpc-replies-*", ["Sub"]],
    [`Topic:${TOPIC}`, ["Pub"]],
  ];
  await grantOneByOne(stage, CALLER, needs, async () => {
    await using client = await createClient({ name: "x", transport: grpc(stage.options({ credentials })) });
    await client.client(Greeter, { timeoutMs: 10_000 }).greet("Ada");
  });
}

async function checkServer(stage: Stage): Promise<void> {
  const credentials = await account(stage, SERVER);
  await using admin = adminOf(stage);
  await admin.grant(SERVER.accessKey, ["Topic:rpc-replies"], ["Pub", "Sub"]);
  await admin.grant(SERVER.accessKey, ["Group:rpc-replies-*"], ["Sub"]);
  const needs: readonly Need[] = [
    [`Topic:${TOPIC}`, ["Sub"]],
    [`Topic:%DLQ%rpc-${TOPIC}`, ["Pub"]],
    [`Group:rpc-${TOPIC}`, ["Sub"]],
  ];
  await grantOneByOne(stage, SERVER, needs, async () => {
    await using system = await createSystem({ name: "x", transport: grpc(stage.options({ credentials })) });
    await system.serve(Greeter, { greet: (name) => `Hello ${name}` });
  });
}

/** Waits until it is so: proxies keep for a second what they know of accounts. */
async function until(reached: () => Promise<boolean | void>, limitMs = GRANTED_MS): Promise<void> {
  for (const limit = performance.now() + limitMs; !await reached();) {
    assert.ok(performance.now() < limit, `it was not so within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

Deno.test("grpc() serves, calls and is refused through a proxy with TLS and ACL 2.0", async () => {
  await withSecuredProxy(async (stage) => {
    await using system = await createSystem({ name: "test", transport: grpc(stage.options()) });
    await system.serve(Greeter, { greet: (name) => `Hello ${name}` });
    await using client = await createClient({ name: "client", transport: grpc(stage.options()) });
    assert.equal(await client.client(Greeter).greet("Ada"), "Hello Ada");
    await checkHandshakes(stage);
    await checkStrangers(stage);
    await checkCaller(stage);
    await checkServer(stage);
  });
});
