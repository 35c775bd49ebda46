import assert from "node:assert/strict";
import type { Result } from "../../../src/call/inbound.ts";
import { json } from "../../../src/codec/json.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { type } from "../../../src/contract/schema.ts";
import type { Reply } from "../../../src/envelope/reply.ts";
import type { Code } from "../../../src/errors/code.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { Answers } from "../../../src/server/answers.ts";
import { requestOf } from "../../helpers/deliveries.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { broken, capitals, endless, schemaOf, slowCapitals } from "../../helpers/schemas.ts";

const endlessDetails = schemaOf<{ missing: number }>(() => new Promise(() => {}));
/** Lets a number of cents through, and nothing else of the details. */
const details = schemaOf<{ missing: number }>((value) => {
  if (
    typeof value === "object" && value !== null && "missing" in value && typeof value.missing === "number"
  ) {
    return { value: { missing: value.missing } };
  }
  return { issues: [{ message: "must be a number", path: ["missing"] }] };
});

const contract = defineService("test.Service", {
  run: method({
    output: type<unknown>(),
    errors: { Short: { details, code: "out_of_range" }, Slow: endlessDetails },
  }),
  other: method({ output: type<unknown>(), errors: { Other: details } }),
  checked: method({ output: capitals }),
  slow: method({ output: slowCapitals }),
  endless: method({ output: endless }),
  broken: method({ output: broken }),
});

class Fixture {
  readonly clock = new ManualClock();
  readonly answers = new Answers(contract, 100, this.clock.after.bind(this.clock));

  reply(result: Result, name: keyof typeof contract.methods = "run", kind: "request" | "oneway" = "request") {
    const { settings } = contract.methods[name];
    return this.answers.toReply({ request: requestOf("c1", { kind }), method: name, settings }, result);
  }

  /** The reply to a handler that threw that. */
  thrown(error: RpcError, name?: keyof typeof contract.methods) {
    return this.reply({ ok: false, error, ran: "yes" }, name);
  }
}

function declared(error: string, details: unknown, from = "test.Service", code: Code = "aborted"): RpcError {
  return new RpcError(code, "Too little", {
    declared: { contract: from, error },
    details,
    outcome: "not_sent",
  });
}

/** A reply that says that the handler ran in vain. */
function assertLost(reply: Reply, text: RegExp): void {
  assert.ok(!reply.ok);
  assert.deepEqual([reply.error.code, reply.ran, reply.declared], ["internal", "lost", undefined]);
  assert.match(reply.error.message, text);
}

Deno.test("Answers encodes an output by the contract's codec, and none as none", async () => {
  const at = new Fixture();
  const type = "application/json";
  assert.deepEqual(await at.reply({ ok: true, output: "a" }), {
    id: "c1",
    ok: true,
    type,
    body: json.encode("a"),
  });
  assert.deepEqual(await at.reply({ ok: true, output: undefined }), {
    id: "c1",
    ok: true,
    type,
    body: undefined,
  });
});

Deno.test("Answers sends what the output's schema parsed, at once or later", async () => {
  const at = new Fixture();
  for (const name of ["checked", "slow"] as const) {
    const reply = at.reply({ ok: true, output: "a" }, name);
    assert.equal(reply instanceof Promise, name === "slow");
    const { ok, body } = { body: undefined, ...await reply };
    assert.ok(ok);
    assert.deepEqual(body, json.encode("A"));
  }
  assert.deepEqual([at.clock.timers, at.answers.lost], [0, 0]);
});

Deno.test("Answers says that a handler ran whose output cannot travel, is not allowed, or is never checked", async () => {
  const at = new Fixture();
  const records = await recordLogs(async () => {
    assertLost(await at.reply({ ok: true, output: Symbol("odd") }), /symbol/i);
    assertLost(await at.reply({ ok: true, output: "x".repeat(100) }), /102 bytes: at most 100 travel/);
    for (const name of ["checked", "slow"] as const) {
      assertLost(
        await at.reply({ ok: true, output: 7 }, name),
        /^output\.items\[0\]\.name: must be a text$/,
      );
    }
    assertLost(await at.reply({ ok: true, output: "a" }, "broken"), /Out of order/);
    const late = at.reply({ ok: true, output: "a" }, "endless");
    at.clock.advance(5_000);
    assertLost(await late, /took longer than 5000 ms/);
  });
  assert.equal(at.answers.lost, 6);
  assert.deepEqual(eventsOf(records), Array(6).fill(EVENTS.callee.answerLost));
});

Deno.test("Answers sends a failure as its code and text say, and whether the handler ran", async () => {
  const at = new Fixture();
  for (const ran of ["yes", "no", "maybe"] as const) {
    const error = new RpcError("aborted", "No");
    assert.deepEqual(await at.reply({ ok: false, error, ran }), { id: "c1", ok: false, error, ran });
  }
  // Code that was not checked by a compiler can do this; it must not pass for success.
  const odd = await at.thrown(new RpcError("ok" as Code, "No"));
  assert.ok(!odd.ok);
  assert.deepEqual([odd.error.code, odd.error.message], ["unknown", "No"]);
});

Deno.test("Answers sends a declared error with its name, its declared code and its checked details", async () => {
  const at = new Fixture();
  const reply = await at.thrown(declared("Short", { missing: 5, secret: "x" }));
  assert.ok(!reply.ok);
  assert.deepEqual([reply.error.code, reply.error.message, reply.ran], ["out_of_range", "Too little", "yes"]);
  assert.deepEqual(reply.declared, {
    name: "Short",
    type: "application/json",
    body: json.encode({ missing: 5 }),
  });
});

Deno.test("Answers says that a handler ran whose details are not allowed, cannot travel, or are never checked", async () => {
  const at = new Fixture();
  const text = /^details of "Short"\.missing: must be a number$/;
  assertLost(await at.thrown(declared("Short", { missing: "five" })), text);
  assertLost(await at.thrown(declared("Short", undefined)), text);
  const late = at.thrown(declared("Slow", {}));
  at.clock.advance(5_000);
  assertLost(await late, /took longer/);
  assert.equal(at.answers.lost, 3);
});

Deno.test("Answers takes the name from an error that this method of this contract does not declare", async () => {
  const at = new Fixture();
  const errors = [
    at.thrown(declared("Short", { missing: 5 }, "test.Elsewhere")),
    at.thrown(declared("Other", { missing: 5 })),
    at.thrown(declared("toString", {})),
    at.thrown(declared("Short", { missing: 5 }), "other"),
  ];
  for (const reply of errors) {
    const { ok, declared, error, ran } = { error: undefined, ran: "", declared: undefined, ...await reply };
    assert.ok(!ok);
    assert.deepEqual([declared, error?.code, error?.message, ran], [
      undefined,
      "aborted",
      "Too little",
      "yes",
    ]);
  }
});

Deno.test("Answers checks and encodes nothing that nobody gets", async () => {
  const at = new Fixture();
  const body = undefined;
  for (const name of ["run", "broken"] as const) {
    const reply = await at.reply({ ok: true, output: Symbol("odd") }, name, "oneway");
    assert.deepEqual(reply, { id: "c1", ok: true, type: "", body });
  }
  const error = declared("Short", { missing: "five" });
  const reply = await at.reply({ ok: false, error, ran: "yes" }, "run", "oneway");
  assert.ok(!reply.ok && reply.declared === undefined && reply.ran === "yes");
  assert.equal(at.answers.lost, 0);
});
