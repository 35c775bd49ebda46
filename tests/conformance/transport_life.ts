import assert from "node:assert/strict";
import { createDeferred } from "../../src/async/deferred.ts";
import { assertFails, failureOf } from "../helpers/settled.ts";
import { RecordingSink } from "../helpers/recording_sink.ts";
import type { Stage, TransportTest } from "./transport_stage.ts";

/** Start, close, waiting, topics. */
export function lifeTests(test: TransportTest, choosesQueues: boolean): void {
  starting(test);
  topics(test);
  if (choosesQueues) plans(test);
  else noPlans(test);
  waiting(test);
  closing(test);
}

function starting(test: TransportTest): void {
  test("declares what it can do", async (stage) => {
    const { transport } = await stage.participant();
    assert.deepEqual(transport.capabilities, stage.fixture.capabilities);
    assert.equal(transport.capabilities.ownership, stage.under.ownership);
  });

  test("starts once", async (stage) => {
    const { transport, clock, instance } = await stage.participant();
    await assert.rejects(transport.start({ clock, instance, random: Math.random }), { name: "TypeError" });
  });

  test("says that there is nobody to connect to", async (stage) => {
    const transport = stage.fixture.unreachable();
    const start = { clock: (await stage.participant()).clock, instance: 1, random: Math.random };
    await assertFails(transport.start(start), "unavailable", "not_sent");
    await transport.close();
  });
}

function topics(test: TransportTest): void {
  test("makes topics that are not there, and leaves those alone that are", async (stage) => {
    const { transport } = await stage.maker(3);
    const queues = await transport.queues(stage.topic);
    const [first] = queues;
    assert.ok(first !== undefined);
    const { broker } = first;
    assert.deepEqual(
      queues.map((queue) => ({ ...queue })),
      [0, 1, 2].map((id) => ({ topic: stage.topic, broker, id })),
    );
    await transport.ensureTopics([{ topic: stage.topic, queues: 8, group: stage.group }]);
    const other = await stage.participant();
    assert.deepEqual(await other.transport.queues(stage.topic), queues);
  });

  test("knows no queues of a topic that is not there", async (stage) => {
    const idle = await stage.participant();
    const { transport } = idle;
    await assertFails(transport.queues(stage.topic), "unavailable", "not_sent");
    await assertFails(transport.plan(stage.topic), "unavailable", "not_sent");
    const { topic, group } = stage;
    await assertFails(transport.subscribe({ topic, group }, new RecordingSink()), "unavailable", "not_sent");
    await stage.members(idle, 0);
  });
}

function noPlans(test: TransportTest): void {
  test("has a plan with all queues where nobody can declare one", async (stage) => {
    const { transport } = await stage.maker(3);
    const plan = await transport.plan(stage.topic);
    assert.equal(plan.number, 0);
    assert.deepEqual(plan.queues, await transport.queues(stage.topic));
    assert.equal((await transport.plan(stage.topic)).queues, plan.queues, "the same list until it changes");
  });
}

function plans(test: TransportTest): void {
  test("declares a queue plan with a topic, once and for one number of slots", async (stage) => {
    const maker = await stage.maker();
    const other = await stage.participant();
    const topic = `${stage.topic}-planned`;
    const spec = { topic, queues: 3, slots: 2 };
    await maker.transport.ensureTopics([spec]);
    const queues = await maker.transport.queues(topic);
    assert.equal(queues.length, 3);
    for (const { transport } of [maker, other]) {
      const plan = await transport.plan(topic);
      assert.deepEqual([plan.number, plan.queues.map((queue) => ({ ...queue }))], [1, [...queues]]);
      assert.equal((await transport.plan(topic)).queues, plan.queues, "the same list until it changes");
    }
    await other.transport.ensureTopics([{ ...spec, queues: 5 }]);
    assert.deepEqual((await other.transport.plan(topic)).number, 1);
    const refusal = await assertFails(
      other.transport.ensureTopics([{ ...spec, slots: 4 }]),
      "failed_precondition",
      "not_sent",
    );
    assert.match(refusal.message, /its queue plan is for 'slots' 2, and the contract says 4/);
  });

  test("learns of another queue plan when it is asked to look anew, and never goes back", async (stage) => {
    const maker = await stage.maker();
    const topic = `${stage.topic}-planned`;
    await maker.transport.ensureTopics([{ topic, queues: 4, slots: 1 }]);
    await maker.transport.plan(topic);
    await stage.fixture.declarePlan(topic, 5, 2);
    const { transport } = await stage.participant();
    for (const each of [transport, maker.transport]) {
      const plan = await each.plan(topic, { fresh: true });
      assert.deepEqual([plan.number, plan.queues.map(({ id }) => id)], [5, [0, 1]]);
      assert.equal((await each.plan(topic)).number, 5);
      assert.equal((await each.queues(topic)).length, 4, "what has no key may go to any queue");
    }
  });
}

function waiting(test: TransportTest): void {
  test("stops waiting for everything when its signal says so, with the signal's reason", async (stage) => {
    const maker = await stage.maker();
    const { transport } = maker;
    const queue = await stage.queue(maker);
    const { sink } = await stage.join(maker);
    await stage.send(maker, queue, "near");
    await stage.delivered(sink, 1);
    const { topic, group } = stage;
    const reason = new TypeError("no longer wanted");
    const signal = AbortSignal.abort(reason);
    const message = stage.message("never");
    const waits: readonly (() => Promise<unknown>)[] = [
      () => transport.queues(topic, { signal }),
      () => transport.plan(topic, { signal }),
      () => transport.send(message, { queue, signal }),
      () => transport.sendTo(transport.addresses.direct, message, { signal }),
      () => transport.subscribe({ topic, group: `${group}-other` }, new RecordingSink(), { signal }),
      () => transport.ensureTopics([{ topic: `${topic}-other`, queues: 1 }], { signal }),
      () => transport.members(topic, group, { signal }),
      () => transport.storedReplies("none", sink.delivery("near"), { signal }),
    ];
    for (const wait of waits) await assert.rejects(wait(), (error) => error === reason, String(wait));
  });

  test("leaves a group though nobody waits for it any more", async (stage) => {
    const maker = await stage.maker();
    const draining = createDeferred<void>();
    const sink = new RecordingSink();
    sink.onRevoked = () => draining.promise;
    const { subscription } = await stage.join(maker, sink);
    await stage.until(() => sink.queues.length === 2, "both queues");
    const controller = new AbortController();
    const close = subscription.close({ signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    await assert.rejects(close, (error) => error === reason);
    assert.equal(sink.queues.length, 2);
    draining.resolve();
    await subscription.close();
    assert.equal(sink.queues.length, 0);
  });
}

function closing(test: TransportTest): void {
  test("leaves everything when it closes, and refuses from then on", async (stage) => {
    const maker = await stage.maker();
    const { transport } = maker;
    const queue = await stage.queue(maker);
    const { sink, subscription } = await stage.join(maker);
    await stage.until(() => sink.queues.length === 2, "both queues");
    const closing = transport.close();
    assert.equal(transport.close(), closing, "closing twice is closing once");
    await closing;
    assert.deepEqual(sink.queues, []);
    assert.equal(sink.steps.filter((step) => step.startsWith("revoked")).length, 2);
    await subscription.close();
    const { topic, group } = stage;
    const message = stage.message("late");
    await assertFails(transport.send(message, { queue }), "unavailable", "not_sent");
    await assertFails(transport.sendTo(transport.addresses.reply, message), "unavailable", "not_sent");
    await assertFails(transport.subscribe({ topic, group }, sink), "unavailable", "not_sent");
    assert.equal(await transport.members(topic, group), "unknown");
    await stage.members(await stage.participant(), 0);
  });

  test("fails what is still on its way when it closes", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker);
    const { maxBodyBytes } = maker.transport.capabilities;
    const message = stage.message("", { body: new Uint8Array(maxBodyBytes) });
    let settled = false;
    const send = maker.transport.send(message, { queue }).then(() => undefined, (error: unknown) => error);
    void send.then(() => settled = true);
    await maker.transport.close();
    await Promise.resolve();
    assert.ok(settled, "its send is left hanging");
    const error = await send;
    if (error !== undefined) {
      const { code, outcome } = await failureOf(Promise.reject(error));
      assert.equal(code, "unavailable");
      assert.ok(outcome === "not_sent" || outcome === "sent_unknown");
    }
  });

  test("joins nothing when it closes meanwhile", async (stage: Stage) => {
    const maker = await stage.maker();
    const { topic, group } = stage;
    const sink = new RecordingSink();
    const joining = maker.transport.subscribe({ topic, group }, sink).catch(() => {});
    await maker.transport.close();
    await joining;
    assert.deepEqual(sink.queues, []);
    await stage.members(await stage.participant(), 0);
  });
}
