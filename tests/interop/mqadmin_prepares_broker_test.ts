/**
 * A cluster with ACL 2.0 where applications may make nothing: after an operator has run, by mqadmin, what
 * `docs/rocketmq.md` lists, calls work, and nothing that is needed is refused.
 */
import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method, RpcError, type System } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { queryByKey, RocketMqClient } from "../../src/rocketmq/mod.ts";
import { type Cluster, startCluster } from "../broker/launcher.ts";
import { commandsOf, rowsOf } from "../docs/rocketmq_page.ts";
import { type Mqadmin, startMqadmin } from "./mqadmin.ts";

const OPERATOR = { accessKey: "operator", secretKey: "operators-secret" };
/** By what the page says of an account: the account. */
const ACCOUNTS = {
  serves: { accessKey: "bank", secretKey: "secret-of-bank" },
  calls: { accessKey: "shop", secretKey: "secret-of-shop" },
} as const;

const Payments = defineService("bank.Payments", {
  quote: method<{ cents: number }, { fee: number }>({ safe: true }),
  transfer: method<{ from: string }, { receipt: string }>({ key: ({ from }) => from }),
  crash: method<{ cents: number }, void>(),
});

function serve(system: System): Promise<unknown> {
  return system.serve(Payments, {
    quote: ({ cents }) => ({ fee: cents * 2 }),
    transfer: (_, ctx) => ({ receipt: ctx.idempotencyKey }),
    crash: () => {
      throw new Error("The handler is broken");
    },
  });
}

function transport({ nameServer: nameServers }: Cluster, who: keyof typeof ACCOUNTS) {
  return remoting({ nameServers, credentials: ACCOUNTS[who] });
}

/** What makes the accounts of the page, with its permissions. */
function accountCommands({ nameServer }: Cluster): string[] {
  const to = `-n ${nameServer} -c DefaultCluster`;
  const users = Object.values(ACCOUNTS).map(({ accessKey, secretKey }) =>
    `createUser ${to} -u ${accessKey} -p ${secretKey} -t Normal`
  );
  const grants = rowsOf("### Permissions").flatMap(([who = "", resource = "", actions = ""]) => {
    const accounts = Object.entries(ACCOUNTS).filter(([name]) => who === "both" || name === who);
    assert.ok(accounts.length > 0, `the page says who: ${who}`);
    return accounts.map(([, { accessKey }]) =>
      `createAcl ${to} -s User:${accessKey} -r ${resource} -a ${actions.replaceAll(" ", "")} -d Allow`
    );
  });
  return [...users, ...grants];
}

/** The page's commands for what is missing, for this cluster. */
function topicCommands({ nameServer }: Cluster): string[] {
  return commandsOf("### Where creation is forbidden")
    .map((command) => command.replace("127.0.0.1:9876", nameServer));
}

/** What a command makes: addresses are as the place wants them. */
function madeBy(command: string): string {
  return command.replace(/^mqadmin /, "").replaceAll(/ -[nc] (<[^>]+>|\S+)/g, "").replaceAll(/\s+/g, " ");
}

async function runAll(mqadmin: Mqadmin, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const text = await mqadmin.run(command);
    assert.match(text, /success/, `${command}\n${text}`);
    assert.doesNotMatch(text, /Exception/, `${command}\n${text}`);
  }
}

/** Refusals in the broker's own log of them. */
async function refusals({ directory }: Cluster): Promise<string[]> {
  const log = await Deno.readTextFile(`${directory}/broker-a/logs/rocketmqlogs/auth_audit.log`);
  return log.split("\n").filter((line) => line.includes(" is Deny "));
}

Deno.test("an operator prepares a cluster by the commands and permissions of rocketmq.md: then calls work", async (test) => {
  const brokerConfig = { autoCreateTopicEnable: "false", autoCreateSubscriptionGroup: "false" };
  await using cluster = await startCluster({ acl: { admin: OPERATOR }, brokerConfig });
  const home = { "conf/tools.yml": `accessKey: ${OPERATOR.accessKey}\nsecretKey: ${OPERATOR.secretKey}\n` };
  await using mqadmin = await startMqadmin({ home });
  await test.step("accounts with the page's permissions", () => runAll(mqadmin, accountCommands(cluster)));
  await using system = await createSystem({ name: "bank", transport: transport(cluster, "serves") });

  await test.step("serve() may make nothing and says so; the page has every command that it names", async () => {
    const error = await serve(system).then(() => undefined, RpcError.from);
    assert.deepEqual([error?.code, error?.outcome], ["failed_precondition", "not_sent"], error?.message);
    const named = error?.message.split("\n").filter((line) => line.startsWith("mqadmin ")).map(madeBy) ?? [];
    assert.ok(named.length > 0, error?.message);
    const page = topicCommands(cluster).map(madeBy);
    for (const command of named) {
      assert.ok(page.includes(command), `${command}\nis none of\n${page.join("\n")}`);
    }
  });

  await test.step("the page's commands are run", () => runAll(mqadmin, topicCommands(cluster)));
  const before = (await refusals(cluster)).length;

  await test.step("calls work, what crashes is a dead letter, and nothing is refused", async () => {
    await serve(system);
    await using caller = await createClient({ name: "shop", transport: transport(cluster, "calls") });
    const client = caller.client(Payments);
    assert.deepEqual(await client.quote({ cents: 2 }), { fee: 4 });
    const receipts = await Promise.all(Array.from({ length: 20 }, () => client.transfer({ from: "a" })));
    assert.equal(new Set(receipts.map(({ receipt }) => receipt)).size, 20);
    const failure = await client.crash({ cents: 1 }).then(() => undefined, RpcError.from);
    assert.deepEqual([failure?.code, failure?.outcome], ["internal", "replied"]);
    assert.equal(system.services()[0]?.deadLetters, 1);
    // As a successor looks for a stored reply.
    const { nameServer: nameServers, brokers: [broker] } = cluster;
    await using looking = new RocketMqClient({ nameServers, clientId: "look", credentials: ACCOUNTS.serves });
    await queryByKey(looking, broker?.address ?? "", { topic: "DefaultCluster_REPLY_TOPIC", key: "none" });
    assert.deepEqual((await refusals(cluster)).slice(before), []);
  });

  await test.step("an account that may call may not serve", async () => {
    await using other = await createSystem({ name: "shop", transport: transport(cluster, "calls") });
    const failure = await serve(other).then(() => undefined, RpcError.from);
    assert.deepEqual([failure?.code, failure?.outcome], ["permission_denied", "not_sent"], failure?.message);
    // All is asked for at once, and either may be refused first.
    assert.match(
      failure?.message ?? "",
      /User:shop has no permission to access (Topic|Group):(rpc-)?bank-Payments\S* .*; let an operator grant it$/,
    );
  });
});
