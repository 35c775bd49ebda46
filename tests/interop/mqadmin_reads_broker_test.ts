/** What RocketMQ's own admin tools show of our groups, offsets, messages and dead letters, on a real broker. */
import assert from "node:assert/strict";
import {
  type CallerSystem,
  createClient,
  createSystem,
  defineService,
  method,
  RpcError,
} from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { groupOf, topicOf } from "../../src/call/plan.ts";
import { freshName, sharedNameServer } from "../broker/shared.ts";
import { startMqadmin } from "./mqadmin.ts";

const QUOTES = 200;
const TRANSFERS = 20;

function contractOf() {
  return defineService(freshName("on_a_console"), {
    quote: method<{ cents: number }, { fee: number }>({ safe: true }),
    transfer: method<{ from: string }, { receipt: string }>({ key: ({ from }) => from }),
    crash: method<{ cents: number }, void>(),
  });
}

/** Calls every method; returns the id of the call whose handler crashed. */
async function callAll(caller: CallerSystem, contract: ReturnType<typeof contractOf>): Promise<string> {
  const client = caller.client(contract);
  await Promise.all(Array.from({ length: QUOTES }, (_, cents) => client.quote({ cents })));
  for (let n = 0; n < TRANSFERS; n++) await client.transfer({ from: "a" });
  const failure = await client.crash({ cents: 7 }).then(() => undefined, RpcError.from);
  assert.equal(failure?.code, "internal");
  return failure.callId ?? assert.fail("It has no call id");
}

/** Asks again until it says so: offsets are committed 100 ms after the last call, numbers are counted each second. */
async function until<T>(ask: () => Promise<T>, says: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + 30_000;
  while (true) {
    const answer = await ask();
    if (says(answer)) return answer;
    if (performance.now() > deadline) assert.fail(`It never said so; at last:\n${JSON.stringify(answer)}`);
  }
}

Deno.test("mqadmin reads our groups, offsets, messages and dead letters", async (test) => {
  const nameServers = sharedNameServer();
  const contract = contractOf();
  const [topic, group] = [topicOf(contract.name), groupOf(contract.name)];
  await using system = await createSystem({ name: "bank", transport: remoting({ nameServers }) });
  await system.serve(contract, {
    quote: ({ cents }) => ({ fee: cents }),
    transfer: (_, ctx) => ({ receipt: ctx.idempotencyKey }),
    crash: () => {
      throw new Error("The handler is broken");
    },
  });
  await using caller = await createClient({ name: "shop", transport: remoting({ nameServers }) });
  const dead = await callAll(caller, contract);
  await using mqadmin = await startMqadmin();
  const n = `-n ${nameServers}`;

  await test.step("topicStatus: the class topic's queues; keyed calls are in one of them", async () => {
    const rows = await mqadmin.table(`topicStatus ${n} -t ${topic}`);
    const ends = rows.filter(([broker]) => broker?.startsWith("broker")).map((row) => Number(row[3]));
    assert.equal(ends.length % 16, 0);
    // Those of the method's slot: 1, 5, 9 and 13 of each broker.
    assert.deepEqual(ends.filter((end, queue) => queue % 4 === 1 && end > 0), [TRANSFERS]);
  });

  await test.step("consumerProgress: our group, nothing behind", async () => {
    const text = await until(
      () => mqadmin.run(`consumerProgress ${n} -g ${group}`),
      (text) => /Consume Diff Total: 0\n/.test(text),
    );
    const rows = text.split("\n").filter((line) => line.startsWith(topic)).map((line) => line.split(/\s+/));
    assert.deepEqual(rows.map(([, , , end]) => end), rows.map(([, , , , committed]) => committed));
    assert.ok(rows.some(([, , , end]) => end === String(TRANSFERS)));
  });

  await test.step("consumerProgress of all groups: ours is there, its side groups are not", async () => {
    const groups = (await mqadmin.table(`consumerProgress ${n}`)).map(([name]) => name ?? "");
    assert.deepEqual(groups.filter((name) => name.startsWith(group)), [group]);
  });

  await test.step("consumerConnection: the instances that serve", async () => {
    const text = await mqadmin.run(`consumerConnection ${n} -g ${group}`);
    assert.ok(text.includes(`rka1-${system.instance} `), text);
    assert.match(text, /ConsumeType: CONSUME_ACTIVELY/);
    assert.ok(text.includes(`${topic} `));
  });

  await test.step("producerConnection: whoever calls, and whoever answers", async () => {
    const text = await mqadmin.run(`producerConnection ${n} -g rpc-callers -t ${topic}`);
    assert.ok(text.includes(`rkr1-${system.instance} `), text);
    assert.ok((text.match(/rkr1-/g) ?? []).length >= 2);
  });

  await test.step("queryMsgByKey: a call's request, its reply and its dead letter, by its id", async () => {
    const [cluster] = (await mqadmin.table(`clusterList ${n}`))[0] ?? [];
    for (const where of [topic, `%DLQ%${group}`, `${cluster}_REPLY_TOPIC`]) {
      const rows = await mqadmin.table(`queryMsgByKey ${n} -t ${where} -k ${dead}`);
      assert.equal(rows.length, 1, where);
      assert.ok(rows[0]?.[3]?.includes(`@${where}@K@${dead}`), where);
    }
  });

  await test.step("queryMsgById: a message with its headers", async () => {
    const [row] = await mqadmin.table(`queryMsgByKey ${n} -t %DLQ%${group} -k ${dead}`);
    const text = await mqadmin.run(`queryMsgById ${n} -t %DLQ%${group} -i ${row?.[0]}`);
    assert.match(text, /Tags: +\[crash\]/);
    assert.ok(text.includes(`Keys:                [${dead}]`), text);
    assert.ok(text.includes(`rpc-origin=${topic}/`), text);
    assert.match(text, /rpc-from=shop\//);
  });

  await test.step("printMsgByQueue and consumeMessage: the dead letter, its reason and its body", async () => {
    const [row] = await mqadmin.table(`queryMsgByKey ${n} -t %DLQ%${group} -k ${dead}`);
    const [broker] = (await mqadmin.table(`clusterList ${n}`)).map(([, name]) => name);
    const printed = await mqadmin.run(
      `printMsgByQueue ${n} -t %DLQ%${group} -a ${broker} -i ${row?.[1]} -p true -d true`,
    );
    const consumed = await mqadmin.run(`consumeMessage ${n} -t %DLQ%${group} -g ${group}-operators -c 1`);
    for (const text of [printed, consumed]) {
      assert.ok(text.includes(`KEYS=${dead}`), text);
      assert.match(text, /rpc-dead=handler crashed; attempts: 1,/);
      assert.match(text, /BODY: \{"cents":7\}/);
    }
  });

  await test.step("brokerConsumeStats: our group; its marks; not the owners, whose difference is below zero", async () => {
    const [, , , address] = (await mqadmin.table(`clusterList ${n}`))[0] ?? [];
    const stats = (await mqadmin.table(`brokerConsumeStats ${n} -b ${address}`))
      .filter(([where]) => where === topic);
    assert.deepEqual([...new Set(stats.map(([, name]) => name))].sort(), [group, `${group}_a1`]);
    const ours = stats.filter(([, name]) => name === group);
    assert.deepEqual(ours.map((row) => row[6]), ours.map(() => "0"));
  });

  await test.step("statsAll: messages in, and consumed by our group", async () => {
    const rows = await until(
      () => mqadmin.table(`statsAll ${n} -t ${topic}`),
      (rows) => rows.some(([, name, , , , messages]) => name === group && Number(messages) > TRANSFERS),
    );
    const ours = rows.find(([, name]) => name === group);
    assert.equal(ours?.[2], "0", "nothing accumulates");
    assert.ok(Number(ours?.[6]) > TRANSFERS, "and all of it was delivered");
  });
});
