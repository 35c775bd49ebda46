import assert from "node:assert/strict";
import { startCluster } from "../broker/launcher.ts";
import { beganTwice, eventsOf, secondRunsAsFresh } from "./audit.ts";
import { failures } from "./load.ts";
import { openStage } from "./stage.ts";

/** How soon calls must be answered again after the broker's return, in milliseconds. */
const SERVED_AGAIN_MS = 5_000;

Deno.test("takeover: a broker killed under load and started again runs nothing twice as fresh, and is served within 5 s", async () => {
  await using cluster = await startCluster();
  const [broker] = cluster.brokers;
  assert.ok(broker !== undefined);
  await using stage = await openStage(cluster.nameServer, "broker_killed");
  const one = await stage.callee();
  const two = await stage.callee();
  const load = stage.load(64, 5, 10_000);
  // Beyond the first flush of offsets (5 s), so that the kill rolls some back.
  await load.lasts(7_000);

  await broker.kill();
  await broker.restart();
  const backAt = performance.now();
  await load.succeedsAfter(backAt);
  const servedAfter = performance.now() - backAt;
  await load.lasts(1_000);
  const settled = await load.stop();

  assert.ok(
    servedAfter < SERVED_AGAIN_MS,
    `the first call was answered ${servedAfter} ms after the broker's return`,
  );
  const events = await eventsOf(one, two);
  assert.deepEqual(beganTwice(events), []);
  assert.deepEqual(secondRunsAsFresh(events), []);
  assert.equal(settled.length, load.made);
  // Nothing that failed pretends to know what it cannot know.
  for (const kind of Object.keys(failures(settled))) {
    assert.ok(
      [
        "unavailable/not_sent",
        "unavailable/sent_unknown",
        "deadline_exceeded/sent_unknown",
        "internal/sent_unknown",
      ]
        .includes(kind),
      `a call failed with ${kind}`,
    );
  }
  const lied = settled.filter(({ error, n, method }) =>
    error?.outcome === "not_sent" &&
    events.some(({ ran }) => ran.some((run) => run.n === n && run.method === method))
  );
  assert.deepEqual(lied, [], "a call that was reported as not sent ran");
});
