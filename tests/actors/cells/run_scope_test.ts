import assert from "node:assert/strict";
import { RunScope } from "../../../actors/cells/run_scope.ts";
import { FakeCall } from "../../helpers/inbound_call.ts";

/** A call whose signal is made when somebody asks for it. */
class LazyCall extends FakeCall {
  made: AbortSignal | undefined;

  override get signal(): AbortSignal {
    return this.made ??= this.controller.signal;
  }
  override get signalInUse(): AbortSignal | undefined {
    return this.made;
  }
}

const CONTRACT = { name: "bank.Payments", kind: "service" } as const;

Deno.test("RunScope hands down what its call has", () => {
  const call = new LazyCall("c1");
  call.chain = ["bank.Desk/open"];
  call.key = "acc-1";
  call.deadlineMs = 1_234;
  const scope = new RunScope(call, CONTRACT);
  assert.deepEqual(scope.path, ["bank.Desk/open", "bank.Payments/run@acc-1"]);
  assert.deepEqual([scope.deadline, scope.trace, call.made], [1_234, undefined, undefined]);
  assert.equal(scope.signal, call.signal);
});

Deno.test("RunScope keeps a signal that somebody has beyond the run, and what aborted it", () => {
  const call = new LazyCall("c1");
  const scope = new RunScope(call, CONTRACT);
  const { signal } = call;
  scope.end();
  assert.equal(scope.signal, signal);
  call.interrupt("over");
  assert.equal(scope.signal.reason, "over");
});

Deno.test("RunScope lets its call go when the run is over, and asks for no signal then", () => {
  const call = new LazyCall("c1");
  const scope = new RunScope(call, CONTRACT);
  scope.end();
  const { signal } = scope;
  assert.equal(call.made, undefined);
  assert.ok(!signal.aborted);
  assert.equal(scope.signal, signal);
  scope.end();
  assert.equal(scope.signal, signal);
  assert.deepEqual(scope.path, ["bank.Payments/run"]);
});
