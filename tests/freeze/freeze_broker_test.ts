import assert from "node:assert/strict";
import { startCluster } from "../broker/launcher.ts";
import { BrokerPulse } from "../kill/broker_pulse.ts";
import { Bystander, Responder, strike, until } from "./stage.ts";

/** Threads on which a broker with two cores pushes replies. */
const THREADS = "20";
/** Unanswered pushes that one responder has at one broker at most. */
const PUSHES = 12;
/** Pushes of one responder to a plain requester, and how many requesters use all of its pushes up, and more. */
const MORE_THAN_PUSHES = { requesters: 6, calls: 4 };
/** How long bystanders call. */
const WATCHED_MS = 3_000;
const USUAL_MS = 1_000;
/** The slowest call with pushed replies, and with those that are pulled. */
const PUSHED_MS = 1_500;
const PULLED_MS = 500;
/**
 * Where a call takes longer without any freeze, or meanwhile an answer of the broker that is no reply, the machine is busy
 * with other things: that much is allowed on top.
 */
const BUSY_MS = 250;

Deno.test("freeze: requesters killed with more replies on their way than a broker has threads hold up callers of ours for 1.5 s at most, and not at all with replies by topic", async () => {
  await using cluster = await startCluster({ brokerConfig: { processReplyMessageThreadPoolNums: THREADS } });
  const { nameServer } = cluster;
  await using one = await Responder.start(nameServer);
  await using two = await Responder.start(nameServer);
  await using unrelated = await Responder.start(nameServer);
  await using pushed = await Bystander.start(nameServer, "push", unrelated);
  await using pulled = await Bystander.start(nameServer, "topic", unrelated);

  await using pulse = new BrokerPulse(nameServer);
  const usual = Math.max(...await Promise.all([pushed.slowest(USUAL_MS), pulled.slowest(USUAL_MS)]));
  const underWay = () => [one, two].map((responder) => responder.count("pushesUnderWay"));
  const full = () => Math.min(...underWay()) >= PUSHES;
  await using victims = await strike(nameServer, "plain", MORE_THAN_PUSHES, [one, two], full);
  assert.deepEqual(underWay(), [PUSHES, PUSHES], "a responder keeps to its bound");
  const watchedAt = performance.now();
  const watching = Promise.all([pushed.slowest(WATCHED_MS), pulled.slowest(WATCHED_MS)]);
  // Only then has the broker certainly begun to push to all of them.
  await until("a push to somebody else is not answered", () => unrelated.count("pushesUnanswered") > 0);
  await victims.kill();
  const [slowestPushed, slowestPulled] = await watching;
  const busy = Math.max(usual, pulse.slowest(watchedAt));
  const allowed = busy > BUSY_MS ? busy : 0;
  assert.ok(
    slowestPushed < PUSHED_MS + allowed,
    `the slowest call with pushed replies took ${slowestPushed} ms; others ${busy} ms`,
  );
  assert.ok(
    slowestPulled < PULLED_MS + allowed,
    `the slowest call with pulled replies took ${slowestPulled} ms; others ${busy} ms`,
  );
});
