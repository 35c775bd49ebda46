import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { untilAborted } from "../../../src/transport/until_aborted.ts";

Deno.test("untilAborted() settles as the work does", async () => {
  const { signal } = new AbortController();
  assert.equal(await untilAborted(Promise.resolve(1), undefined), 1);
  assert.equal(await untilAborted(Promise.resolve(2), signal), 2);
  const error = new Error("failed");
  await assert.rejects(untilAborted(Promise.reject(error), signal), (caught) => caught === error);
});

Deno.test("untilAborted() rejects with the signal's reason unchanged, and lets the work go on", async () => {
  const controller = new AbortController();
  const work = createDeferred<number>();
  const wait = untilAborted(work.promise, controller.signal);
  const reason = { no: "error" };
  controller.abort(reason);
  await assert.rejects(wait, (caught) => caught === reason);
  await assert.rejects(untilAborted(work.promise, controller.signal), (caught) => caught === reason);
  // Nobody waits any more: this must not end the test.
  work.reject(new Error("failed later"));
});

Deno.test("untilAborted() leaves no listener behind", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  await untilAborted(Promise.resolve(), signal);
  await assert.rejects(untilAborted(Promise.reject(new Error("failed")), signal));
  assert.equal(listeners, 0);
});
