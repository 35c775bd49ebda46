import assert from "node:assert/strict";
import { actor, isActor } from "../../actors/actor.ts";

Deno.test("actor marks a factory and calls it not", () => {
  const made = actor(() => assert.fail("called"));
  assert.ok(isActor(made) && Object.isFrozen(made));
});

Deno.test("actor refuses what is no factory", () => {
  for (const wrong of [undefined, {}, "text"]) {
    assert.throws(() => Reflect.apply(actor, undefined, [wrong]), {
      name: "TypeError",
      message:
        `Cannot make an actor of ${typeof wrong}: write a function that returns the handler, actor(() => handler)`,
    });
  }
});

Deno.test("isActor knows nothing else", () => {
  for (const other of [undefined, null, {}, { "~actor": 1 }, () => {}]) assert.ok(!isActor(other));
});
