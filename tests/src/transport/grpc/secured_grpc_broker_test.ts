import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method } from "rocket-actors";
import { RocketMqClient } from "rocket-actors/rocketmq";
import { grpc, type GrpcOptions } from "rocket-actors/transport/grpc";
import { AccessAdmin } from "../../../broker/access_admin.ts";
import { type Account, type Cluster, startCluster } from "../../../broker/launcher.ts";
import { Authority } from "../../../helpers/certificates.ts";
import { makeTopics, REPLY_TOPIC_SPEC } from "../../../helpers/grpc_topics.ts";
import { assertFails } from "../../../helpers/settled.ts";

const Greeter = defineService("test.SecuredGrpc", { greet: method<string, string>({ safe: true }) });
const TOPIC = "test-SecuredGrpc";
const ADMIN: Account = { accessKey: "administrator", secretKey: "secret-of-admin" };
const CALLER: Account = { accessKey: "caller", secretKey: "secret-of-caller" };
const START_MS = 120_000;

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
  await use({ cluster, ca, options: (changes) => ({ ...common, ...changes }) });
}

function start(options: GrpcOptions): Promise<unknown> {
  return createClient({ name: "x", transport: grpc(options) });
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
  for (
    const credentials of [
      undefined,
      { ...ADMIN, secretKey: "secret-of-nobody" },
      { accessKey: "nobody", secretKey: "secret" },
    ]
  ) {
    try {
      await start(options({ credentials }));
      console.log("let in");
    } catch (error) {
      console.log(error.code, error.outcome, error.message);
    }
  }
}

async function checkCaller({ options, cluster }: Stage): Promise<void> {
  const [broker] = cluster.brokers;
  assert.ok(broker !== undefined);
  await using admin = new AccessAdmin(cluster.nameServer, broker.address, ADMIN);
  await admin.createUser(CALLER);
  for (
    const step of [
      () => {},
      () => admin.grant(CALLER.accessKey, ["Topic:rpc-replies"], ["Pub", "Sub"]),
      () => admin.grant(CALLER.accessKey, ["Group:rpc-replies-*"], ["Sub"]),
      () => admin.grant(CALLER.accessKey, [`Topic:${TOPIC}`], ["Pub"]),
    ]
  ) {
    await step();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const since = performance.now();
    try {
      await using client = await createClient({
        name: "x",
        transport: grpc(options({ credentials: CALLER })),
      });
      console.log(await client.client(Greeter, { timeoutMs: 5_000 }).greet("Ada"));
    } catch (error) {
      console.log(performance.now() - since, error.code, error.outcome, error.message);
    }
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
  });
});
