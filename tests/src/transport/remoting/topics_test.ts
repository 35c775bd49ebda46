import assert from "node:assert/strict";
import { systemClock } from "../../../../src/async/clock.ts";
import { EVENTS } from "../../../../src/log/events.ts";
import { RocketMqClient } from "../../../../src/rocketmq/client/client.ts";
import { RequestCode, ResponseCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { ensureTopics, withSideGroups } from "../../../../src/transport/remoting/topics.ts";
import { ScriptedNameServer } from "../../../fault/scripted_name_server.ts";
import { ScriptedPeer } from "../../../fault/scripted_peer.ts";
import { eventsOf, recordLogs } from "../../../helpers/logs.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { assertFails, until } from "../../../helpers/settled.ts";

const REFUSED = { code: ResponseCode.NO_PERMISSION, remark: "not for you" };
const SPECS = [
  { topic: "bank-Payments", queues: 16, group: "rpc-bank-Payments", slots: 4 },
  { topic: "%DLQ%rpc-bank-Payments", queues: 1 },
];

/** A name server and one broker, which answers each code as the test says, else with success. */
class Fixture implements AsyncDisposable {
  readonly names = new ScriptedNameServer();
  readonly answers = new Map<number, RequestReply>();
  readonly asked: number[] = [];
  readonly client: RocketMqClient;
  readonly #broker = new ScriptedPeer((session) =>
    session.serve(({ code }) => {
      this.asked.push(code);
      return this.answers.get(code) ?? { code: 0 };
    })
  );

  constructor(namespace?: string) {
    const nameServers = this.names.address;
    this.client = new RocketMqClient({ nameServers, namespace, clientId: "c", random: () => 0 });
    this.names.brokers = [{ name: "broker-a", address: this.#broker.address, queues: 16 }];
  }

  /** The broker has told the name server of a topic. */
  arrive(topic: string): void {
    this.names.topics.set(topic, this.names.brokers);
  }

  ensure(clock = systemClock, signal?: AbortSignal): Promise<void> {
    return ensureTopics(SPECS.map(withSideGroups), { client: this.client, clock, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.names[Symbol.asyncDispose]();
    await this.#broker.stop();
  }
}

Deno.test("ensureTopics() says that no broker has registered, where there is none", async () => {
  await using at = new Fixture();
  at.names.brokers = [];
  const { message } = await assertFails(at.ensure(), "unavailable", "not_sent");
  assert.match(
    message,
    /no broker has registered with 127\.0\.0\.1:\d+; start one, and check .* 'namesrvAddr'/,
  );
});

Deno.test("ensureTopics() makes nothing where everything is there", async () => {
  await using at = new Fixture();
  for (const { topic } of SPECS) at.arrive(topic);
  await at.ensure();
  assert.deepEqual([...new Set(at.asked)], [RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG]);
});

Deno.test("ensureTopics() lists the commands for all that is missing and may not be made, with the names that servers know", async () => {
  await using at = new Fixture("team-a");
  at.arrive("%DLQ%team-a%rpc-bank-Payments");
  at.answers.set(RequestCode.UPDATE_AND_CREATE_TOPIC, REFUSED);
  at.answers.set(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, REFUSED);
  at.answers.set(RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, {
    code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
  });
  const { message, cause } = await assertFails(at.ensure(), "failed_precondition", "not_sent");
  assert.ok(cause instanceof Error && cause.message.includes("not for you"));
  const servers = `-n '${at.names.address}'`;
  const group = "team-a%rpc-bank-Payments";
  assert.deepEqual(message.split("\n"), [
    'Cannot make what "bank-Payments" needs: the cluster forbids it. Have somebody who may run this once:',
    `mqadmin updateTopic ${servers} -c C -t 'team-a%bank-Payments' -r 16 -w 16`,
    ...["", "_own", "_a1", "_a2", "_a3"].map((side) =>
      `mqadmin updateSubGroup ${servers} -c C -g '${group}${side}'`
    ),
    `mqadmin updateKvConfig ${servers} -s ROCKET_ACTORS_PLAN -k 'team-a%bank-Payments' ` +
    `-v '{"number":1,"slots":4,"brokers":{"broker-a":16}}'`,
  ]);
});

Deno.test("ensureTopics() goes on, and says so, where a broker neither tells whether groups exist nor lets them be made", async () => {
  await using at = new Fixture();
  for (const { topic } of SPECS) at.arrive(topic);
  for (
    const code of [RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP]
  ) {
    at.answers.set(code, REFUSED);
  }
  const logs = await recordLogs(() => at.ensure());
  assert.deepEqual(eventsOf(logs), [EVENTS.transport.groupsUnknown]);
});

Deno.test("ensureTopics() gives up on a topic that name servers do not hear of, and says what to check", async () => {
  await using at = new Fixture();
  at.arrive("%DLQ%rpc-bank-Payments");
  const clock = new ManualClock();
  const failing = assertFails(at.ensure(clock), "unavailable", "not_sent");
  for (let polls = 0; polls < 200; polls++) {
    await until(() => clock.timers > 0);
    clock.advance(50);
  }
  assert.match(
    (await failing).message,
    /"bank-Payments" was made, and .* within 10000 ms: check .* 'namesrvAddr'/,
  );
  assert.equal(at.asked.filter((code) => code === RequestCode.UPDATE_AND_CREATE_TOPIC).length, 1);
});

Deno.test("ensureTopics() ends at its signal while it waits for name servers to hear of a topic", async () => {
  await using at = new Fixture();
  const clock = new ManualClock();
  const reason = new Error("Changed my mind");
  const controller = new AbortController();
  const failing = at.ensure(clock, controller.signal);
  await until(() => clock.timers > 0);
  controller.abort(reason);
  await assert.rejects(failing, reason);
});
