import assert from "node:assert/strict";
import {
  clusterInfo,
  createSubscriptionGroup,
  createTopic,
  masterAddresses,
  type RocketMqClient,
  RocketMqError,
} from "rocket-actors/rocketmq";

/** How long a name server may take to hear of a new topic, in milliseconds. */
const ARRIVAL_LIMIT_MS = 30_000;

/** Runs the `mqadmin` commands of an error message as an operator would, and returns how many there were. */
export async function runMqadmin(operator: RocketMqClient, message: string): Promise<number> {
  const commands = message.split("\n").filter((line) => line.startsWith("mqadmin "));
  for (const command of commands) await run(operator, command);
  return commands.length;
}

async function run(operator: RocketMqClient, command: string): Promise<void> {
  const [, name = ""] = command.split(" ");
  const options = new Map(
    [...command.matchAll(/ -([a-z]) (?:'([^']*)'|([^ ]+))/g)].map(([, flag = "", quoted, bare]) => [
      flag,
      quoted ?? bare ?? "",
    ]),
  );
  const option = (flag: string): string =>
    options.get(flag) ?? assert.fail(`-${flag} is missing: ${command}`);
  assert.notEqual(option("n"), "");
  if (name === "updateKvConfig") {
    return await operator.nameServers.putValue(option("s"), option("k"), option("v"));
  }
  const masters = masterAddresses(await clusterInfo(operator), option("c"));
  assert.ok(masters.size > 0, command);
  for (const address of masters.values()) {
    if (name === "updateTopic") {
      const config = {
        topic: option("t"),
        readQueues: Number(option("r")),
        writeQueues: Number(option("w")),
        attributes: attributesOf(options.get("a")),
      };
      await createTopic(operator, address, config);
    } else if (name === "updateSubGroup") {
      await createSubscriptionGroup(operator, address, {
        group: option("g"),
        ordered: options.get("o") === "true",
      });
    } else assert.fail(`No such command: ${command}`);
  }
  if (name === "updateTopic") await arrived(operator, option("t"));
}

/** `+name=value,+name=value`. */
function attributesOf(text: string | undefined): Readonly<Record<string, string>> {
  const pairs = (text ?? "").split(",").filter((pair) => pair !== "").map((pair) => pair.slice(1).split("="));
  return Object.fromEntries(pairs.map(([name = "", value = ""]) => [name, value]));
}

async function arrived(operator: RocketMqClient, topic: string): Promise<void> {
  for (const limit = performance.now() + ARRIVAL_LIMIT_MS;;) {
    try {
      return void await operator.route(topic, { fresh: true });
    } catch (error) {
      assert.ok(error instanceof RocketMqError && error.responseCode === 17, String(error));
      assert.ok(performance.now() < limit, `No route to ${topic} within ${ARRIVAL_LIMIT_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
