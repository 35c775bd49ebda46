/**
 * A broker of 4.9.7 that is stopped under load and started again as 5.5.0 on the same store, one after the other, while
 * the name server stays what it was; and a cluster with a broker of each meanwhile:
 *
 *     deno task test:upgrade
 *
 * Takes about a minute and a half.
 */
// deno-lint-ignore-file no-console -- a long form: its figures are for whoever runs it
import assert from "node:assert/strict";
import { DEFAULT_VERSION, OLD_VERSION, startCluster } from "../broker/launcher.ts";
import { beganTwice, eventsOf, secondRunsAsFresh } from "../takeover/audit.ts";
import { failures } from "../takeover/load.ts";
import { openStage } from "../takeover/stage.ts";

/** How soon calls must be answered again after a broker's return, in milliseconds. */
const SERVED_AGAIN_MS = 10_000;

Deno.test("upgrade: brokers of 4.9 go over to 5.x on their own stores, one after the other, and nothing runs twice", async () => {
  await using cluster = await startCluster({ version: OLD_VERSION, brokers: 2, timeoutMs: 120_000 });
  await using stage = await openStage(cluster.nameServer, "upgraded");
  const one = await stage.callee();
  const two = await stage.callee();
  const load = stage.load(32, 5, 20_000);
  await load.reaches(500);

  for (const broker of cluster.brokers) {
    await broker.stop();
    await broker.restart(DEFAULT_VERSION);
    const backAt = performance.now();
    await load.succeedsAfter(backAt);
    const servedAfter = performance.now() - backAt;
    assert.ok(servedAfter < SERVED_AGAIN_MS, `${broker.name} served ${servedAfter} ms after its return`);
    // The other one is of the old line, then of the new one: both serve.
    const before = load.settled.length;
    await load.lasts(3_000);
    const since = load.settled.slice(before).filter(({ error }) => error === undefined);
    assert.ok(since.length > 0, `calls are answered with ${broker.name} of ${DEFAULT_VERSION}`);
  }
  const settled = await load.stop();

  const events = await eventsOf(one, two);
  assert.deepEqual(beganTwice(events), []);
  assert.deepEqual(secondRunsAsFresh(events), []);
  assert.equal(settled.length, load.made);
  const ran = new Set(events.flatMap((callee) => callee.ran.map((run) => `${run.method} ${run.n}`)));
  const denied = settled.filter(({ error, method, n }) =>
    (error?.outcome === "not_sent" || error?.outcome === "expired") && ran.has(`${method} ${n}`)
  );
  assert.deepEqual(denied, [], "nothing that ran is said not to have run");
  const answered = settled.filter(({ error }) => error === undefined).length;
  console.log({ calls: settled.length, answered, failed: failures(settled) });
});
