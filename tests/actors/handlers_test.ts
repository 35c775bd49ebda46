import assert from "node:assert/strict";
import { actor } from "../../actors/actor.ts";
import { handlersOf, propertyOf } from "../../actors/handlers.ts";
import { CallContext } from "../../actors/cells/call_context.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { cellHost } from "../helpers/cell_host.ts";
import { FakeCall } from "../helpers/inbound_call.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

const contract = defineService("test.Service", { run: method(), other: method() });
const run = () => {};
const context = new CallContext(new FakeCall("a"), cellHost(new ManualClock()), { stop: () => {} });

/** What the handler of a method answers. */
function answer(given: unknown, name: string): unknown {
  const found = handlersOf(contract, given).get(name);
  assert.ok(found?.kind === "function");
  return found.handler("input", context);
}

Deno.test("handlersOf finds functions and actors on a plain object, with or without a prototype", () => {
  const factory = actor(() => run);
  for (
    const given of [{ run, other: factory }, Object.assign(Object.create(null), { run, other: factory })]
  ) {
    const handlers = handlersOf(contract, given);
    assert.deepEqual([...handlers].map(([name, { kind }]) => [name, kind]), [["run", "function"], [
      "other",
      "actor",
    ]]);
    const other = handlers.get("other");
    assert.equal(other?.kind === "actor" && other.actor, factory);
  }
});

Deno.test("handlersOf finds methods of a class, also inherited ones, and binds them to the instance", () => {
  class Base {
    protected readonly name: string = "base";
    run(): string {
      return `${this.name} runs`;
    }
  }
  class Payments extends Base {
    protected override readonly name = "payments";
    other = (): string => this.name;
    /** Not in the contract: on an instance that is the user's own business. */
    helper(): void {}
  }
  const given = new Payments();
  assert.deepEqual([answer(given, "run"), answer(given, "other")], ["payments runs", "payments"]);
});

Deno.test("handlersOf binds the handlers of a plain object to it", () => {
  const given = {
    run(this: { readonly other: unknown }): string {
      return typeof this.other;
    },
    other: run,
  };
  assert.equal(answer(given, "run"), "function");
});

Deno.test("handlersOf refuses what does not fit the contract, and says what to write", () => {
  const missing = 'Cannot serve "test.Service": write a function or an actor() for method "other"';
  class Empty {
    run(): void {}
  }
  const refusals: readonly (readonly [unknown, string])[] = [
    [{ run }, missing],
    [{ run, other: "text" }, missing],
    [{ run, other: { "~actor": 1 } }, missing],
    [new Empty(), missing],
    [{ run, other: run, third: run }, 'Cannot serve "test.Service": it has no method "third"'],
    [{ run, other: run, toString: run }, 'Cannot serve "test.Service": it has no method "toString"'],
    [
      run,
      'Cannot serve "test.Service": write an object with a handler per method, or an instance of a class',
    ],
    [
      null,
      'Cannot serve "test.Service": write an object with a handler per method, or an instance of a class',
    ],
  ];
  for (const [given, message] of refusals) {
    assert.throws(() => handlersOf(contract, given), { name: "TypeError", message });
  }
});

Deno.test("propertyOf finds nothing that every object has", () => {
  for (const name of ["toString", "valueOf", "hasOwnProperty"]) assert.equal(propertyOf({}, name), undefined);
  class Own {
    toString(): string {
      return "own";
    }
  }
  assert.equal(typeof propertyOf(new Own(), "toString"), "function");
});
