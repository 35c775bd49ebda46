import assert from "node:assert/strict";
import { ServiceActors } from "../../actors/service.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { cellHost } from "../helpers/cell_host.ts";
import { FakeCall } from "../helpers/inbound_call.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { turns } from "../helpers/settled.ts";

const contract = defineService("test.Service", { run: method(), other: method() });
const run = () => {};
const host = cellHost(new ManualClock());

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
  const { signal } = new AbortController();
  await actors.start({ signal, exited: () => assert.fail("gave up") });
  let rooms = 0;
  actors.onRoom(() => rooms++);
  const calls = ["a", "b", "c"].map((id) => new FakeCall(id));
  assert.deepEqual(calls.map((call) => actors.deliver(call)), [true, true, false]);
  assert.deepEqual(actors.nodes().map(({ id, kind, state, details }) => [id, kind, state, details]), [
    ["run", "method", "running", { depth: 1, running: 1, crashes: 0 }],
    ["other", "method", "running", { depth: 0, running: 0, crashes: 0 }],
  ]);
  gates[0]?.();
  await turns();
  assert.equal(rooms, 1);
  gates[1]?.();
  await turns();
  await actors.stop({ signal });
});
