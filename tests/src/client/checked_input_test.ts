/** Calls whose input takes time to be checked. */
import assert from "node:assert/strict";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { Schema } from "../../../src/contract/schema.ts";
import { CallerFixture } from "../../helpers/caller_fixture.ts";
import { assertFails, turns } from "../../helpers/settled.ts";

class Fixture extends CallerFixture {
  readonly checks: Deferred<unknown>[] = [];
  readonly #slow: Schema<unknown, string> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: async () => {
        const check = createDeferred<unknown>();
        this.checks.push(check);
        return { value: String(await check.promise) };
      },
    },
  };
  readonly service = defineService("test.Service", {
    run: method<unknown, unknown, never, string>({ input: this.#slow }),
    keyed: method<unknown, unknown, never, string>({ input: this.#slow, key: (key) => key }),
    other: method<unknown, unknown>({ key: (key) => String(key) }),
  }, { slots: 1 });
  readonly entity = defineEntity("test.Account", {
    slow: method<unknown, unknown, never, string>({ input: this.#slow }),
    fast: method<unknown, unknown>(),
  });
}

Deno.test("Caller bounds a check that never ends by the deadline, and counts the call among those under way", async () => {
  const at = new Fixture();
  const call = at.call(at.service, "run", 1, { timeoutMs: 300 });
  assert.equal(at.caller.pending.size, 1);
  at.clock.advance(320);
  await assertFails(call, "deadline_exceeded", "not_sent");
  at.checks[0]?.resolve("late");
  await turns();
  assert.deepEqual([at.sent, at.clean], [[], [0, 0, 0]]);
});

Deno.test("Caller lets no more calls be under way while their inputs are checked", async () => {
  const at = new Fixture();
  const checked = Array.from({ length: 4_096 }, () => at.call(at.service, "run", 1, { timeoutMs: 300 }));
  const behind = at.call(at.entity, "fast", 2, { key: "a" });
  const ends = Promise.allSettled(checked);
  await turns();
  assert.deepEqual(at.sent, []);
  at.clock.advance(320);
  await ends;
  await turns();
  at.answer(0, "done");
  assert.equal(await behind, "done");
});

Deno.test("Caller gives a call up while its input is checked: by its signal, by closing; and drains it", async () => {
  const at = new Fixture();
  const controller = new AbortController();
  const aborted = at.call(at.service, "run", 1, { signal: controller.signal });
  controller.abort();
  await assertFails(aborted, "cancelled", "not_sent");
  const drained = at.call(at.service, "run", 1);
  const draining = at.caller.drain("closing");
  at.checks[1]?.resolve("ok");
  await turns();
  at.answer(0, "done");
  assert.equal(await drained, "done");
  await draining;

  const other = new Fixture();
  const closed = other.call(other.service, "run", 1);
  other.caller.close("closed");
  await assertFails(closed, "cancelled", "not_sent");
  other.checks[0]?.resolve("ok");
  await turns();
  assert.deepEqual([other.sent, other.clean], [[], [0, 0, 0]]);
});

Deno.test("Caller refuses what a slow check refuses, and what cannot be sent whatever the check says", async () => {
  const at = new Fixture();
  const refused = at.call(at.service, "run", 1);
  at.checks[0]?.reject(new TypeError("It is wrong"));
  assert.match((await assertFails(refused, "invalid_argument", "not_sent")).message, /It is wrong/);
  const keyless = at.call(at.service, "keyed", 1);
  at.checks[1]?.resolve("");
  await assertFails(keyless, "invalid_argument", "not_sent");
  await assertFails(at.call(at.service, "run", Symbol("odd")), "invalid_argument", "not_sent");
  // Nobody waits for this check any more.
  at.checks[2]?.reject(new TypeError("It is wrong as well"));
  await turns();
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Caller refuses a call whose signal aborts while its input is checked at once", async () => {
  const at = new Fixture();
  const controller = new AbortController();
  const contract = defineService("test.Aborting", {
    run: method<unknown, unknown>({
      key: () => {
        controller.abort();
        return "key";
      },
    }),
  });
  await assertFails(at.call(contract, "run", 1, { signal: controller.signal }), "cancelled", "not_sent");
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Caller keeps calls of a keyed method in order, however long the check of each takes", async () => {
  const at = new Fixture();
  const calls = [1, 2, 3].map((input) => at.call(at.service, "keyed", input));
  await turns();
  at.checks[2]?.resolve("a");
  at.checks[1]?.resolve("a");
  await turns();
  assert.deepEqual(at.inputs, []);
  at.checks[0]?.resolve("a");
  await turns();
  assert.deepEqual(at.inputs, [1, 2, 3]);
  for (const index of calls.keys()) at.answer(index);
  await Promise.all(calls);
});

Deno.test("Caller lets calls of an entity's key wait for a slow check of that key only", async () => {
  const at = new Fixture();
  const calls = [
    at.call(at.entity, "slow", 1, { key: "a", timeoutMs: 300 }),
    at.call(at.entity, "fast", 2, { key: "a" }),
    at.call(at.entity, "fast", 3, { key: "b" }),
    at.call(at.service, "other", 4),
  ];
  const ends = Promise.allSettled(calls);
  await turns();
  assert.deepEqual(at.inputs.toSorted(), [3, 4]);
  at.clock.advance(320);
  await turns();
  assert.deepEqual(at.inputs.at(-1), 2);
  at.caller.close("over");
  assert.deepEqual((await ends).map(({ status }) => status), Array(4).fill("rejected"));
});
