import assert from "node:assert/strict";
import { ServiceActors } from "../../actors/service.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { contextHost } from "../helpers/context_host.ts";
import { FakeCall } from "../helpers/inbound_call.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { turns } from "../helpers/settled.ts";

const contract = defineService("test.Service", { run: method(), other: method() });
const run = () => {};
const host = contextHost(new ManualClock());

Deno.test("ServiceActors refuse handlers that do not fit the contract", () => {
  const refusals: readonly [Readonly<Record<string, unknown>>, string][] = [
    [{ run }, 'Cannot serve "test.Service": write a function for method "other"'],
    [{ run, other: "text" }, 'Cannot serve "test.Service": write a function for method "other"'],
    [{ run, other: run, third: run }, 'Cannot serve "test.Service": it has no method "third"'],
    [{ run, other: run, toString: run }, 'Cannot serve "test.Service": it has no method "toString"'],
  ];
  for (const [handlers, message] of refusals) {
    assert.throws(() => new ServiceActors(contract, handlers, {}, host), { name: "TypeError", message });
  }
});

Deno.test("ServiceActors refuse bounds that are no whole number above 0", () => {
  for (const name of ["concurrency", "mailboxCalls"]) {
    for (const value of [0, -1, 1.5, NaN, Infinity]) {
      assert.throws(() => new ServiceActors(contract, { run, other: run }, { [name]: value }, host), {
        name: "RangeError",
        message: `Cannot use '${name}': it must be a whole number above 0: current value is ${value}`,
      });
    }
  }
});

Deno.test("ServiceActors take a call to the cell of its method, and tell when a full one has room", async () => {
  const gates: (() => void)[] = [];
  const handler = () => new Promise<void>((resolve) => void gates.push(resolve));
  const options = { concurrency: 1, mailboxCalls: 1 };
  const actors = new ServiceActors(contract, { run: handler, other: run }, options, host);
  let rooms = 0;
  actors.onRoom(() => rooms++);
  const calls = ["a", "b", "c"].map((id) => new FakeCall(id));
  assert.deepEqual(calls.map((call) => actors.deliver(call)), [true, true, false]);
  assert.deepEqual([...actors.cells].map(([name, { running, depth }]) => [name, running, depth]), [
    ["run", 1, 1],
    ["other", 0, 0],
  ]);
  gates[0]?.();
  await turns();
  assert.equal(rooms, 1);
  gates[1]?.();
  await turns();
});
