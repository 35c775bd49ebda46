import assert from "node:assert/strict";
import { deadLetterTopicOf, groupOf, topicOf } from "../../src/call/plan.ts";
import { HEADER } from "../../src/envelope/headers.ts";
import { sideGroups } from "../../src/transport/remoting/names.ts";
import { commandsOf, rowsOf } from "./rocketmq_page.ts";

const CONTRACT = "bank.Payments";

Deno.test("rocketmq.md names what is made as the code does", () => {
  const [topic, group, dead] = [topicOf(CONTRACT), groupOf(CONTRACT), deadLetterTopicOf(CONTRACT)];
  const names = rowsOf("## What is made, and when")
    .flatMap(([what = ""]) => what.split(", "))
    // The page writes `rpc-bank-Payments_a1`, `_a2`, `_a3`.
    .map((name) => name.startsWith("_") ? group + name : name);
  for (const name of [topic, group, dead, ...sideGroups.all(group)]) {
    assert.ok(names.includes(name), `${name} is missing among ${names.join()}`);
  }
});

Deno.test("rocketmq.md lists a command for every topic and group of a contract", () => {
  const group = groupOf(CONTRACT);
  const commands = commandsOf("### Where creation is forbidden");
  const made = (verb: string, flag: string) =>
    commands.filter((command) => command.startsWith(`${verb} `))
      .map((command) => command.split(`${flag} '`)[1]?.split("'")[0]);
  const topics = [topicOf(CONTRACT), deadLetterTopicOf(CONTRACT), "rpc-replies"];
  assert.deepEqual(made("updateTopic", "-t"), topics);
  assert.deepEqual(made("updateSubGroup", "-g"), [group, ...sideGroups.all(group), "rpc-replies"]);
});

Deno.test("rocketmq.md says what every header says, once", () => {
  const told = rowsOf("## What operators see", 1).flatMap(([names = ""]) => names.split(", "));
  assert.deepEqual(told.toSorted(), Object.values(HEADER).toSorted());
});
