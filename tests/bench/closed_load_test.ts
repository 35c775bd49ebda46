import assert from "node:assert/strict";
import { runClosedLoad } from "../../bench/broker/closed_load.ts";

/** Calls that end when the test says so. */
class ManualCalls {
  #open: (() => void)[] = [];
  most = 0;
  begun = 0;

  call(): Promise<void> {
    this.begun++;
    return new Promise((resolve) => {
      this.#open.push(resolve);
      this.most = Math.max(this.most, this.#open.length);
    });
  }

  /** Ends all that are open, and lets the next ones begin. */
  async endAll(): Promise<void> {
    for (const end of this.#open.splice(0)) end();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}

Deno.test("runClosedLoad() keeps exactly so many calls under way and counts those that end in the window", async () => {
  const calls = new ManualCalls();
  const events: string[] = [];
  const warm = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const running = runClosedLoad({
    inFlight: 3,
    call: () => calls.call(),
    warmedUp: () => warm.promise,
    measured: () => over.promise,
    onEvent: (event) => events.push(event),
  });
  await calls.endAll();
  warm.resolve();
  await Promise.resolve();
  await calls.endAll();
  await calls.endAll();
  assert.deepEqual(events, ["start"]);
  over.resolve();
  await Promise.resolve();
  await calls.endAll();

  const window = await running;
  assert.equal(window.calls, 6);
  assert.equal(window.failed, 0);
  assert.equal(calls.most, 3);
  assert.equal(calls.begun, 12);
  assert.deepEqual(events, ["start", "stop"]);
});

Deno.test("runClosedLoad() counts calls that fail, and says what one of them said", async () => {
  let begun = 0;
  const over = Promise.withResolvers<void>();
  const window = await runClosedLoad({
    inFlight: 1,
    call: () => {
      if (++begun === 4) over.resolve();
      return begun % 2 === 0 ? Promise.reject(new Error("no answer")) : Promise.resolve();
    },
    warmedUp: () => Promise.resolve(),
    measured: () => over.promise,
    onEvent: () => {},
  });
  assert(window.failed >= 2);
  assert.equal(window.anError, "Error: no answer");
});
