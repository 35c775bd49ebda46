/** A cluster where nobody but operators may create: after the commands of `docs/rocketmq.md` calls work. */
import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method, RpcError, type System } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { RequestCode } from "../../src/rocketmq/remote/codes.ts";
import { type Cluster, startCluster } from "../broker/launcher.ts";
import { commandsOf } from "../docs/rocketmq_page.ts";
import { type Mqadmin, startMqadmin } from "./mqadmin.ts";

/** Largest request code of the classic protocol that anybody here uses. */
const MAX_CODE = 400;
const FORBIDDEN: ReadonlySet<number> = new Set([
  RequestCode.UPDATE_AND_CREATE_TOPIC,
  RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
]);
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

const Payments = defineService("bank.Payments", {
  quote: method<{ cents: number }, { fee: number }>({ safe: true }),
  transfer: method<{ from: string }, { receipt: string }>({ key: ({ from }) => from }),
});

function serve(system: System): Promise<unknown> {
  return system.serve(Payments, {
    quote: ({ cents }) => ({ fee: cents * 2 }),
    transfer: (_, ctx) => ({ receipt: ctx.idempotencyKey }),
  });
}

/** The commands of the page, for this cluster. */
function pageCommands({ nameServer }: Cluster): string[] {
  return commandsOf("### Where creation is forbidden")
    .map((command) => command.replace("127.0.0.1:9876", nameServer));
}

/** What a command makes: addresses and quotes are as the place wants them. */
function madeBy(command: string): string {
  return command.replace(/^mqadmin /, "").replaceAll(/ -[nc] (<[^>]+>|\S+)/g, "").replaceAll(/\s+/g, " ");
}

async function runAll(mqadmin: Mqadmin, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const text = await mqadmin.run(command);
    assert.doesNotMatch(text, /Exception|usage:/, `${command}\n${text}`);
  }
}

Deno.test("where creation is forbidden, the commands of rocketmq.md are all that is missing", async (test) => {
  await using cluster = await startCluster({ brokerConfig: brokerConfig() });
  const { nameServer: nameServers } = cluster;
  await using system = await createSystem({ name: "bank", transport: remoting({ nameServers }) });
  const commands = pageCommands(cluster);

  await test.step("serve() says so, and the page has every command that it names", async () => {
    const error = await serve(system).then(() => undefined, RpcError.from);
    assert.deepEqual([error?.code, error?.outcome], ["failed_precondition", "not_sent"]);
    const named = error?.message.split("\n").filter((line) => line.startsWith("mqadmin ")).map(madeBy) ?? [];
    assert.ok(named.length > 0, error?.message);
    const onPage = commands.map(madeBy);
    for (const command of named) {
      assert.ok(onPage.includes(command), `${command}\nis none of\n${onPage.join("\n")}`);
    }
  });

  await test.step("an operator runs them, once", async () => {
    const home = { "conf/tools.yml": `accessKey: operator\nsecretKey: operators-secret\n` };
    await using mqadmin = await startMqadmin({ home });
    await runAll(mqadmin, commands);
  });

  await test.step("and calls work, with keys and without", async () => {
    await serve(system);
    await using caller = await createClient({ transport: remoting({ nameServers }) });
    const client = caller.client(Payments);
    assert.deepEqual(await client.quote({ cents: 2 }), { fee: 4 });
    const receipts = await Promise.all(Array.from({ length: 20 }, () => client.transfer({ from: "a" })));
    assert.equal(new Set(receipts.map(({ receipt }) => receipt)).size, 20);
  });
});
