import assert from "node:assert/strict";
import type { MethodHandler } from "../../actors/handlers.ts";
import type { ServeOptions } from "../../actors/serve_options.ts";
import { entityPlan, servicePlan } from "../../actors/serve_plan.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";

const contract = defineService("test.Service", { run: method(), act: method() });
const handlers = new Map<string, MethodHandler>([
  ["run", { kind: "function", handler: () => {} }],
  ["act", { kind: "actor", actor: { "~actor": () => () => {} } }],
]);

function service(options: unknown) {
  // Options as JavaScript may write them: the checks are what is tested.
  return servicePlan(contract, handlers, options as ServeOptions);
}

Deno.test("servicePlan fills in the defaults", () => {
  const { supervision, abandonAfterMs, methods } = service({});
  assert.deepEqual([supervision.strategy, abandonAfterMs], ["one_for_one", 30_000]);
  const actor = {
    restart: "permanent",
    shutdownMs: 5_000,
    startMs: 30_000,
    limit: { intensity: 5, periodMs: 10_000, onGiveUp: "suspend" },
  };
  const plan = { concurrency: 32, mailboxCalls: 1_024, actor };
  assert.deepEqual([...methods], [["run", plan], ["act", plan]]);
});

Deno.test("servicePlan takes what a method says before what the service says", () => {
  const { supervision, methods } = service({
    concurrency: 4,
    mailboxCalls: 10,
    supervision: { strategy: "rest_for_one", intensity: 1, restart: "transient", backoff: { maxMs: 500 } },
    methods: {
      run: { concurrency: 8 },
      act: { mailboxCalls: 20, supervision: { intensity: 3, shutdownMs: "brutal", onGiveUp: "escalate" } },
    },
  });
  assert.deepEqual([supervision.strategy, supervision.backoff.maxMs], ["rest_for_one", 500]);
  const [run, act] = [methods.get("run"), methods.get("act")];
  assert.deepEqual([run?.concurrency, run?.mailboxCalls, run?.actor.limit.intensity], [8, 10, 1]);
  assert.deepEqual([act?.mailboxCalls, act?.actor], [20, {
    restart: "transient",
    shutdownMs: 0,
    startMs: 30_000,
    limit: { intensity: 3, periodMs: 10_000, onGiveUp: "escalate" },
  }]);
});

Deno.test("servicePlan refuses what it does not know, or what means nothing, and says what to write", () => {
  const wrong: readonly (readonly [object, string, RegExp])[] = [
    [
      { concurency: 1 },
      "TypeError",
      /'concurency': serve\(\) has no such option, it has supervision, methods, /,
    ],
    [
      { supervision: { intencity: 1 } },
      "TypeError",
      /'supervision\.intencity': .* it has strategy, backoff, restart/,
    ],
    [{ methods: { act: { concurency: 1 } } }, "TypeError", /'methods\.act\.concurency'/],
    [
      { methods: { act: { supervision: { strategy: "one_for_all" } } } },
      "TypeError",
      /'methods\.act\.supervision\.strategy'/,
    ],
    [{ methods: { nope: {} } }, "TypeError", /'methods\.nope': "test\.Service" has no method "nope"/],
    [
      { methods: { act: { concurrency: 2 } } },
      "TypeError",
      /an actor\(\) runs one call at a time: leave it out/,
    ],
    [
      { methods: { run: { supervision: {} } } },
      "TypeError",
      /a function has no state and nothing to restart: leave it out, or/,
    ],
    [{ maxCells: 5 }, "TypeError", /'maxCells': only an entity/],
    [{ passivateAfterMs: 5 }, "TypeError", /'passivateAfterMs': only an entity/],
    [{ supervision: { strategy: "all" } }, "TypeError", /'strategy': it must be one of "one_for_one"/],
    [{ supervision: { restart: "always" } }, "TypeError", /'restart': it must be one of "permanent"/],
    [{ supervision: { onGiveUp: "panic" } }, "TypeError", /'onGiveUp': it must be one of "suspend"/],
    [{ supervision: { intensity: -1 } }, "RangeError", /'intensity': it must be a whole number from 0/],
    [{ supervision: { shutdownMs: -1 } }, "RangeError", /'shutdownMs'/],
    [{ supervision: { shutdownMs: Infinity } }, "RangeError", /'shutdownMs'/],
    [
      { concurrency: 0 },
      "RangeError",
      /'concurrency': it must be a whole number above 0: current value is 0/,
    ],
    [{ methods: { run: { mailboxCalls: 1.5 } } }, "RangeError", /'methods\.run\.mailboxCalls'/],
    [
      { abandonAfterMs: 0 },
      "RangeError",
      /'abandonAfterMs': it must be from 1 to 86400000 ms: current value is 0/,
    ],
    [{ abandonAfterMs: "1" }, "RangeError", /'abandonAfterMs'/],
  ];
  for (const [options, name, message] of wrong) assert.throws(() => service(options), { name, message });
});

Deno.test("entityPlan fills in the defaults, and takes what it is told", () => {
  const { supervision, ...plan } = entityPlan({});
  assert.equal(supervision.intensity, 5);
  assert.deepEqual(plan, {
    actor: {
      restart: "permanent",
      shutdownMs: 5_000,
      startMs: 30_000,
      limit: { intensity: 5, periodMs: 10_000, onGiveUp: "suspend" },
    },
    mailboxCalls: 64,
    abandonAfterMs: 30_000,
    passivateAfterMs: 60_000,
    maxCells: 10_000,
  });
  const told = entityPlan({
    maxCells: 3,
    passivateAfterMs: 0,
    supervision: { intensity: 2, onGiveUp: "escalate" },
  });
  assert.deepEqual([
    told.maxCells,
    told.passivateAfterMs,
    told.supervision.intensity,
    told.supervision.onGiveUp,
  ], [
    3,
    0,
    2,
    "escalate",
  ]);
});

Deno.test("entityPlan refuses what means nothing for keys", () => {
  const wrong: readonly (readonly [ServeOptions, string, RegExp])[] = [
    [
      { concurrency: 2 },
      "TypeError",
      /'concurrency': an entity runs one call per key at a time: leave it out/,
    ],
    [{ methods: {} }, "TypeError", /'methods': the actors of an entity are its keys/],
    [
      { supervision: { strategy: "one_for_all" } },
      "TypeError",
      /'supervision\.strategy': the keys of an entity are/,
    ],
    [{ maxCells: 0 }, "RangeError", /'maxCells'/],
    [{ passivateAfterMs: -1 }, "RangeError", /'passivateAfterMs'/],
    [{ mailboxCalls: 0 }, "RangeError", /'mailboxCalls'/],
  ];
  for (const [options, name, message] of wrong) assert.throws(() => entityPlan(options), { name, message });
});
