import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { KeyedPacker } from "../../../src/client/keyed_packer.ts";
import type { KeyedOutgoing } from "../../../src/client/lane.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { requestOf } from "../../helpers/deliveries.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { turns } from "../../helpers/settled.ts";

/** A request of the key `a`, of which the codes of its failures are kept. */
function made(id: string): KeyedOutgoing & { readonly failures: string[] } {
  const failures: string[] = [];
  return {
    request: requestOf(id, { key: "a" }),
    key: "a",
    method: "run",
    slot: 0,
    slots: 1,
    queue: undefined,
    plan: 0,
    paused: false,
    live: true,
    failures,
    handOver: () => true,
    stored: () => assert.fail("a call waits for its reply"),
    sendFailed: ({ code }) => void failures.push(code),
  };
}

Deno.test("KeyedPacker refuses all that waits for a new plan when that cannot be looked up", async () => {
  const transport = new FakeTransport();
  const packer = new KeyedPacker(transport, {
    topic: "test-Service",
    foreign: false,
    indexCalls: "calls",
    groups: false,
  });
  const sending = createDeferred<void>();
  transport.onSend = () => sending.promise;
  const [sent, before, after] = [made("a1"), made("a2"), made("a3")];
  packer.add(sent, false);
  await turns();
  packer.add(before, false);
  await turns();
  // The plan changes while one is on its way, and then nobody can say what it is.
  const { onPlan } = transport;
  transport.onPlan = async (topic, fresh) => ({ ...await onPlan(topic, fresh), number: 2 });
  packer.add(after, false);
  await turns();
  transport.onPlan = () => Promise.reject(new RpcError("unavailable", "down", { outcome: "not_sent" }));
  sending.resolve();
  await turns();
  assert.deepEqual([sent.failures, before.failures, after.failures], [[], ["unavailable"], ["unavailable"]]);
  assert.deepEqual([packer.waiting, transport.sent.length], [0, 1]);
});
