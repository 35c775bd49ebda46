import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method, RpcError } from "rocket-actors";
import { remoting, type RemotingOptions } from "rocket-actors/transport/remoting";
import { EVENTS } from "../../../../src/log/events.ts";
import { AccessAdmin } from "../../../broker/access_admin.ts";
import { type Account, type Cluster, startCluster } from "../../../broker/launcher.ts";
import { Authority } from "../../../helpers/certificates.ts";
import { recordLogs } from "../../../helpers/logs.ts";
import { assertFails, until } from "../../../helpers/settled.ts";

const Greeter = defineService("test.SecuredGreeter", {
  greet: method<string, string>({ safe: true }),
});
const Payments = defineService("test.SecuredPayments", { pay: method<string, string>() });
const ADMIN: Account = { accessKey: "administrator", secretKey: "secret-of-admin" };
const CALLER: Account = { accessKey: "caller", secretKey: "secret-of-caller" };
const SERVER: Account = { accessKey: "server", secretKey: "secret-of-server" };
const CLERK: Account = { accessKey: "clerk", secretKey: "secret-of-clerk" };
const CALL_MS = 10_000;
/** What a client may send in all until it gives up: a few requests for each thing it wanted, no storm of them. */
const FEW = 40;

/** A cluster as a bank runs it: TLS with certificates on both sides, and accounts. */
interface Stage {
  readonly cluster: Cluster;
  readonly tls: Exclude<RemotingOptions["tls"], boolean | undefined>;
  transport(options?: Partial<RemotingOptions>): ReturnType<typeof remoting>;
}

async function withSecuredCluster(use: (stage: Stage) => Promise<void>): Promise<void> {
  await using authority = await Authority.create();
  const server = await authority.issue({ commonName: "server", names: "IP:127.0.0.1" });
  const client = await authority.issue({ commonName: "client" });
  await using cluster = await startCluster({
    acl: { admin: ADMIN },
    timeoutMs: 120_000,
    tls: { ca: authority.file, ...server.files, enforcing: true, clientCertificates: true },
  });
  const tls = { ca: await authority.certificate(), certificate: client.certificate, key: client.key };
  const { nameServer: nameServers } = cluster;
  await use({
    cluster,
    tls,
    transport: (options) => remoting({ nameServers, credentials: ADMIN, tls, ...options }),
  });
}

/** What is thrown, with how long it took and how many requests were signed for it. */
async function failure(
  run: (credentials: () => Account) => Promise<unknown>,
  account: Account,
): Promise<{ error: RpcError; tookMs: number; signed: number }> {
  let signed = 0;
  const began = performance.now();
  try {
    await run(() => {
      signed++;
      return account;
    });
  } catch (error) {
    assert.ok(error instanceof RpcError, String(error));
    return { error, tookMs: performance.now() - began, signed };
  }
  assert.fail("it was let in");
}

async function checkStrangers({ transport }: Stage): Promise<void> {
  const stranger = { ...ADMIN, secretKey: "secret-of-nobody" };
  const serving = await failure(async (credentials) => {
    await using system = await createSystem({ name: "test", transport: transport({ credentials }) });
    await system.serve(Greeter, { greet: (name) => name });
  }, stranger);
  const calling = await failure(async (credentials) => {
    await using client = await createClient({ transport: transport({ credentials }) });
    await client.client(Greeter, { timeoutMs: CALL_MS }).greet("Ada");
  }, stranger);
  for (const { error, signed } of [serving, calling]) {
    assert.deepEqual([error.code, error.outcome], ["permission_denied", "not_sent"]);
    assert.match(error.message, /check signature failed; check its access key and secret key$/);
    assert.ok(signed <= FEW, `${signed} requests`);
  }
  assert.ok(calling.tookMs < CALL_MS, `${calling.tookMs} ms`);
}

/** An account that may send calls and nothing else gets no further, and says what is missing. */
async function checkCaller({ cluster, transport, tls }: Stage): Promise<void> {
  const [broker] = cluster.brokers;
  assert.ok(broker !== undefined);
  await using admin = new AccessAdmin(cluster.nameServer, broker.address, ADMIN, tls);
  await admin.createUser(CALLER);
  const missing = await failure(async (credentials) => {
    await using client = await createClient({ transport: transport({ credentials }) });
    await client.client(Greeter, { timeoutMs: CALL_MS }).greet("Ada");
  }, CALLER);
  assert.equal(missing.error.code, "permission_denied");
  assert.match(missing.error.message, /has no permission to access .*; let an operator grant it$/);
  assert.ok(missing.signed <= FEW, `${missing.signed} requests`);
  await admin.grant(CALLER.accessKey, ["Topic:test-SecuredGreeter"], ["Pub"]);
  await admin.grant(CALLER.accessKey, ["Group:rpc-test-SecuredGreeter"], ["Sub", "Get"]);
  await using client = await createClient({ transport: transport({ credentials: CALLER }) });
  assert.equal(await client.client(Greeter).greet("Ada"), "Hello Ada");
}

/** An account that may read the class topic, but not keep what owners keep, is told before it serves anything. */
async function checkServer({ cluster, transport, tls }: Stage): Promise<void> {
  const [broker] = cluster.brokers;
  assert.ok(broker !== undefined);
  await using admin = new AccessAdmin(cluster.nameServer, broker.address, ADMIN, tls);
  await admin.createUser(SERVER);
  await admin.grant(SERVER.accessKey, ["Topic:test-SecuredGreeter", "Group:rpc-test-SecuredGreeter"], [
    "Sub",
  ]);
  const serve = async (credentials: () => Account): Promise<void> => {
    await using system = await createSystem({ name: "test", transport: transport({ credentials }) });
    await system.serve(Greeter, { greet: (name) => name });
  };
  const missing = await failure(serve, SERVER);
  assert.equal(missing.error.code, "permission_denied");
  assert.match(
    missing.error.message,
    /to access Group:rpc-test-SecuredGreeter_\w+ .*; let an operator grant it$/,
  );
  assert.ok(missing.signed <= FEW, `${missing.signed} requests`);
  await admin.grant(SERVER.accessKey, ["Group:rpc-test-SecuredGreeter*"], ["Sub"]);
  await serve(() => SERVER);
}

/**
 * Without permission for the dead letters, a request that must not run again stays where it is, unanswered, until it is
 * granted.
 */
async function checkDeadLetters({ cluster, transport, tls }: Stage): Promise<void> {
  const [broker] = cluster.brokers;
  assert.ok(broker !== undefined);
  await using admin = new AccessAdmin(cluster.nameServer, broker.address, ADMIN, tls);
  await using maker = await createSystem({ name: "maker", transport: transport() });
  await (await maker.serve(Payments, { pay: () => "" })).stop();
  await admin.createUser(CLERK);
  await admin.grant(CLERK.accessKey, ["Topic:test-SecuredPayments"], ["Pub", "Sub", "Get"]);
  await admin.grant(CLERK.accessKey, ["Group:rpc-test-SecuredPayments*"], ["Sub", "Get"]);
  await using system = await createSystem({ name: "clerk", transport: transport({ credentials: CLERK }) });
  let runs = 0;
  await system.serve(Payments, {
    pay: () => {
      runs++;
      throw new Error("The handler is broken");
    },
  });
  let waited = false;
  const logs = await recordLogs(async () => {
    await using client = await createClient({ transport: transport() });
    const failed = assertFails(
      client.client(Payments, { timeoutMs: 60_000 }).pay("Ada"),
      "internal",
      "replied",
    );
    failed.then(() => waited = true, () => {});
    await until(() => runs === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.deepEqual([waited, system.services()[0]?.deadLetters], [false, 0], "the caller waits");
    await admin.grant(CLERK.accessKey, ["Topic:%DLQ%rpc-test-SecuredPayments"], ["Pub"]);
    await failed;
  });
  assert.deepEqual([runs, system.services()[0]?.deadLetters], [1, 1]);
  const said = logs.find(({ rawMessage }) => rawMessage === EVENTS.callee.deadLetterFailed);
  assert.match(
    String(said?.properties["error"]),
    /User:clerk has no permission to access Topic:%DLQ%rpc-test-SecuredPayments .*; let an operator grant it/,
  );
}

async function checkHandshakes({ tls, transport }: Stage): Promise<void> {
  const refused: Readonly<Record<string, RemotingOptions["tls"]>> = {
    "wants TLS": false,
    "is of no authority trusted here": true,
    "a client certificate": { ca: tls.ca },
    "is for another name": { ...tls, serverName: "other.test" },
  };
  for (const [said, options] of Object.entries(refused)) {
    await assert.rejects(
      createSystem({ name: "test", transport: transport({ tls: options }) }),
      ({ code, message }: RpcError) => {
        assert.equal(code, "unavailable", message);
        assert.ok(message.includes(said), `${message}\nsays nothing of: ${said}`);
        return true;
      },
    );
  }
}

Deno.test("remoting() serves, calls and is refused on a cluster with TLS, client certificates and ACL 2.0", async () => {
  await withSecuredCluster(async (stage) => {
    await checkHandshakes(stage);
    await using system = await createSystem({ name: "test", transport: stage.transport() });
    await system.serve(Greeter, { greet: (name) => `Hello ${name}` });
    await using client = await createClient({ transport: stage.transport() });
    assert.equal(await client.client(Greeter).greet("Ada"), "Hello Ada");
    await checkStrangers(stage);
    await checkCaller(stage);
    await checkServer(stage);
    await checkDeadLetters(stage);
  });
});
