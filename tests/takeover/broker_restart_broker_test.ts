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
    servedAfter < SERVED_AGAIN_MS + stage.pulse.allowance(backAt),
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
        // The answer came within the grace after the deadline: what it says is checked below.
        "deadline_exceeded/executed_reply_lost",
        "deadline_exceeded/expired",
        "internal/sent_unknown",
      ]
        .includes(kind),
      `a call failed with ${kind}`,
    );
  }
  const ran = new Set(events.flatMap((callee) => callee.ran.map((run) => `${run.method} ${run.n}`)));
  const claims = { not_sent: false, expired: false, executed_reply_lost: true } as const;
  for (const [outcome, claimed] of Object.entries(claims)) {
    const lied = settled.filter(({ error, n, method }) =>
      error?.outcome === outcome && ran.has(`${method} ${n}`) !== claimed
    );
    assert.deepEqual(lied, [], `a call that was reported as ${outcome} did ${claimed ? "not run" : "run"}`);
  }
});
