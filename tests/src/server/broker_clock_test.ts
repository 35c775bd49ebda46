import assert from "node:assert/strict";
import { BrokerClock } from "../../../src/server/broker_clock.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";

Deno.test("BrokerClock takes the fastest delivery for the difference of the clocks", () => {
  const clock = new BrokerClock();
  assert.equal(clock.toLocal(1_000, 1_300), 1_300);
  assert.equal(clock.toLocal(2_000, 2_100), 2_100);
  assert.equal(clock.toLocal(3_000, 3_400), 3_100);
  assert.equal(clock.offsetMs, 100);
});

Deno.test("BrokerClock follows a broker that is ahead", () => {
  assert.equal(new BrokerClock().toLocal(9_000, 1_000), 1_000);
});

Deno.test("BrokerClock does not take an old backlog for a clock that is off", () => {
  const clock = new BrokerClock();
  assert.equal(clock.toLocal(0, 600_000), 500);
  assert.equal(clock.toLocal(600_000, 600_010), 600_010);
});

Deno.test("BrokerClock believes a large skew when nothing fresher came for ten seconds, and reports it once", async () => {
  const clock = new BrokerClock();
  const records = await recordLogs(() => {
    assert.equal(clock.toLocal(0, 7_000), 500);
    assert.equal(clock.toLocal(9_999, 16_999), 10_499);
    assert.equal(clock.toLocal(10_001, 17_001), 17_001);
    clock.toLocal(20_000, 27_000);
  });
  assert.deepEqual(eventsOf(records), [EVENTS.callee.clockSkew]);
  assert.equal(records[0]?.properties["skewMs"], 7_000);
});
