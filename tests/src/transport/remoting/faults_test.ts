import assert from "node:assert/strict";
import { RocketMqError } from "../../../../src/rocketmq/error.ts";
import { Faults } from "../../../../src/transport/remoting/faults.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";

const LOST = new RocketMqError("unknown", "lost");

function refused(responseCode: number): RocketMqError {
  return new RocketMqError("refused", "no", { responseCode });
}

Deno.test("Faults avoids a master longer with each failure in a row, up to 30 s", () => {
  const clock = new ManualClock();
  const faults = new Faults(clock);
  for (const ms of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    faults.failed("a:1", LOST);
    clock.advance(ms - 1);
    assert.ok(faults.avoids("a:1"), `${ms}`);
    clock.advance(1);
    assert.ok(!faults.avoids("a:1"), `${ms}`);
  }
  assert.ok(!faults.avoids("b:1"));
  assert.ok(!faults.none);
  faults.worked("a:1");
  assert.ok(faults.none);
  faults.failed("a:1", LOST);
  clock.advance(1_000);
  assert.ok(!faults.avoids("a:1"), "one that worked begins anew");
});

Deno.test("Faults takes failures of the broker, not of the message or the caller", () => {
  const clock = new ManualClock();
  for (const error of [LOST, new RocketMqError("not_sent", "down"), refused(2), refused(14), refused(215)]) {
    const faults = new Faults(clock);
    faults.failed("a:1", error);
    assert.ok(faults.avoids("a:1"), error.message);
  }
  for (const error of [refused(13), refused(16), refused(17), refused(1), new Error("aborted"), undefined]) {
    const faults = new Faults(clock);
    faults.failed("a:1", error);
    assert.ok(faults.none);
  }
});
