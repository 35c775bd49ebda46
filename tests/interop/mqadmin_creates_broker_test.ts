/** A cluster where nobody but operators may create: the error names their commands, and after these calls work. */
import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method, RpcError, type System } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { RequestCode } from "../../src/rocketmq/remote/codes.ts";
import { type Cluster, startCluster } from "../broker/launcher.ts";
import { freshName } from "../broker/shared.ts";
import { type Mqadmin, startMqadmin } from "./mqadmin.ts";

/** Largest request code of the classic protocol that anybody here uses. */
const MAX_CODE = 400;
const FORBIDDEN: ReadonlySet<number> = new Set([
  RequestCode.UPDATE_AND_CREATE_TOPIC,
  RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
]);
/** Each round of commands has to bring it further: a topic with its groups, and that of the dead letters. */
const MAX_ROUNDS = 2;

/** Nothing is made by itself, and requests to make something have to be signed; all others need not be. */
function brokerConfig(): Record<string, string> {
  const provider = "org.apache.rocketmq.auth.authentication.provider";
  const open = Array.from({ length: MAX_CODE }, (_, code) => code).filter((code) => !FORBIDDEN.has(code));
  return {
    autoCreateTopicEnable: "false",
    autoCreateSubscriptionGroup: "false",
    authenticationEnabled: "true",
    authenticationProvider: `${provider}.DefaultAuthenticationProvider`,
    authenticationMetadataProvider: `${provider}.LocalAuthenticationMetadataProvider`,
    authenticationWhitelist: open.join(","),
    initAuthenticationUser: `{"username":"operator","password":"operators-secret"}`,
    innerClientAuthenticationCredentials: `{"accessKey":"operator","secretKey":"operators-secret"}`,
  };
}

const Payments = defineService(freshName("made_by_operators"), {
  quote: method<{ cents: number }, { fee: number }>({ safe: true }),
  transfer: method<{ from: string }, { receipt: string }>({ key: ({ from }) => from }),
});

function serve(system: System): Promise<unknown> {
  return system.serve(Payments, {
    quote: ({ cents }) => ({ fee: cents * 2 }),
    transfer: (_, ctx) => ({ receipt: ctx.idempotencyKey }),
  });
}

/** The commands that the error names, with the words that are left to the operator. */
function commandsOf(error: RpcError, { nameServer }: Cluster): string[] {
  const lines = error.message.split("\n").filter((line) => line.startsWith("mqadmin "));
  return lines.map((line) =>
    line.slice("mqadmin ".length).replace("<name servers>", nameServer).replace("<cluster>", "DefaultCluster")
  );
}

async function runAll(mqadmin: Mqadmin, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const text = await mqadmin.run(command);
    assert.doesNotMatch(text, /Exception|usage:/, `${command}\n${text}`);
  }
}

Deno.test("where creation is forbidden, the commands that the error names are all that is missing", async (test) => {
  await using cluster = await startCluster({ brokerConfig: brokerConfig() });
  const { nameServer: nameServers } = cluster;
  await using system = await createSystem({ name: "bank", transport: remoting({ nameServers }) });

  await test.step("serve() says so, with the commands", async () => {
    const error = await serve(system).then(() => undefined, RpcError.from);
    assert.deepEqual([error?.code, error?.outcome], ["failed_precondition", "not_sent"]);
    assert.ok(error !== undefined && commandsOf(error, cluster).length > 0, error?.message);
  });

  await test.step("they do what is missing, once", async () => {
    const home = { "conf/tools.yml": `accessKey: operator\nsecretKey: operators-secret\n` };
    await using mqadmin = await startMqadmin({ home });
    for (let round = 0; round <= MAX_ROUNDS; round++) {
      const error = await serve(system).then(() => undefined, RpcError.from);
      if (error === undefined) return;
      assert.equal(error.code, "failed_precondition", error.message);
      await runAll(mqadmin, commandsOf(error, cluster));
    }
    assert.fail(`It is still not served after ${MAX_ROUNDS} rounds\n${await cluster.logs()}`);
  });

  await test.step("and calls work, with keys and without", async () => {
    await using caller = await createClient({ transport: remoting({ nameServers }) });
    const client = caller.client(Payments);
    assert.deepEqual(await client.quote({ cents: 2 }), { fee: 4 });
    const receipts = await Promise.all(Array.from({ length: 20 }, () => client.transfer({ from: "a" })));
    assert.equal(new Set(receipts.map(({ receipt }) => receipt)).size, 20);
  });
});
