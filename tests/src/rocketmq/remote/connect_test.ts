import assert from "node:assert/strict";
import { systemClock } from "../../../../src/async/clock.ts";
import { TimerWheel } from "../../../../src/async/timer_wheel.ts";
import { parseAddress } from "../../../../src/rocketmq/remote/address.ts";
import { connect } from "../../../../src/rocketmq/remote/connect.ts";
import { ScriptedPeer } from "../../../fault/scripted_peer.ts";

Deno.test("connect() tells when nobody listens", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  listener.close();
  const wheel = new TimerWheel(systemClock);
  await assert.rejects(connect(address, { clock: systemClock, wheel }), { kind: "not_sent", address });
  await assert.rejects(connect("nowhere", { clock: systemClock, wheel }), TypeError);
  assert.equal(wheel.size, 0);
});

Deno.test("connect() heeds its signal", async () => {
  await using peer = new ScriptedPeer(() => {});
  const wheel = new TimerWheel(systemClock);
  const reason = new Error("Changed my mind");
  const options = { clock: systemClock, wheel, signal: AbortSignal.abort(reason) };
  await assert.rejects(connect(peer.address, options), reason);
  assert.equal(wheel.size, 0);
});

Deno.test("parseAddress() splits at the last colon", () => {
  assert.deepEqual(parseAddress("broker.local:10911"), { host: "broker.local", port: 10_911 });
  assert.deepEqual(parseAddress("[::1]:9876"), { host: "::1", port: 9_876 });
  assert.deepEqual(parseAddress("::1:9876"), { host: "::1", port: 9_876 });
  for (const address of ["", ":1", "a", "a:", "a:0", "a:65536", "a:1x", "a:-1"]) {
    assert.throws(() => parseAddress(address), TypeError, address);
  }
});
