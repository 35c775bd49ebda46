import assert from "node:assert/strict";
import { MOST_OPEN, type OpenLoadOptions, runOpenLoad } from "../../bench/broker/open_load.ts";

/** Time that goes on by a millisecond with every tick, whatever the machine does. */
class ManualPace {
  #now = 1_000;
  #ticks = 0;
  readonly #waiting: { readonly until: number; readonly resolve: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  async tick(): Promise<void> {
    this.#now++;
    this.#ticks++;
    for (const { until, resolve } of this.#waiting.splice(0)) {
      if (until <= this.#now) resolve();
      else this.#waiting.push({ until, resolve });
    }
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }

  /** Resolves so many milliseconds from now. */
  after(ms: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ until: this.#now + ms, resolve }));
  }

  /** Lets time pass without anybody looking, as a stall of the process does. */
  skip(ms: number): void {
    this.#now += ms;
  }
}

function options(pace: ManualPace, call: () => Promise<void>): OpenLoadOptions {
  return { perSecond: 100, call, warmUpMs: 100, measuredMs: 1_000, onEvent: () => {}, pace };
}

Deno.test("runOpenLoad() begins calls at even distances, whatever became of those before", async () => {
  const pace = new ManualPace();
  const begun: number[] = [];
  const events: string[] = [];
  const window = await runOpenLoad({
    ...options(pace, () => {
      begun.push(pace.now());
      return begun.length % 2 === 0 ? Promise.resolve() : pace.after(3);
    }),
    onEvent: (event) => events.push(event),
  });
  assert.equal(begun.length, 110);
  assert.deepEqual(begun.slice(0, 3), [1_000, 1_010, 1_020]);
  assert.deepEqual(events, ["start", "stop"]);
  assert.equal(window.failed, 0);
  assert.equal(window.calls, 100);
  assert.equal(window.p99Ms, 3);
  assert.equal(window.lateP99Ms, 0);
});

Deno.test("runOpenLoad() counts from when calls were due: a stall is paid for by all that it held up", async () => {
  const pace = new ManualPace();
  let calls = 0;
  const window = await runOpenLoad(options(pace, () => {
    // Within the window: nothing begins for half a second.
    if (++calls === 30) pace.skip(500);
    return Promise.resolve();
  }));
  // Half of the window's calls were due meanwhile: they were late by up to 500 ms, and say so.
  assert.ok(window.p999Ms > 480 && window.p999Ms <= 501, `${window.p999Ms}`);
  assert.ok(window.lateP99Ms > 400, `${window.lateP99Ms}`);
  assert.ok(window.p50Ms < 50, `${window.p50Ms}`);
});

Deno.test("runOpenLoad() counts calls that there was no room for with what they have waited", async () => {
  const pace = new ManualPace();
  const open: (() => void)[] = [];
  const running = runOpenLoad({
    ...options(pace, () => new Promise((resolve) => open.push(resolve))),
    perSecond: 10_000,
    onEvent: (event) => {
      if (event === "stop") { for (const end of open) end(); }
    },
  });
  const window = await running;
  assert.equal(open.length, MOST_OPEN);
  assert.equal(window.calls, 0);
  assert.ok(window.p50Ms > 400 && window.p999Ms > 990, `${window.p50Ms} ${window.p999Ms}`);
});

Deno.test("runOpenLoad() counts calls that fail, and says what one of them said", async () => {
  const pace = new ManualPace();
  const window = await runOpenLoad(options(pace, () => Promise.reject(new Error("no answer"))));
  assert.equal(window.failed, 110);
  assert.equal(window.calls, 0);
  assert.equal(window.anError, "Error: no answer");
});
