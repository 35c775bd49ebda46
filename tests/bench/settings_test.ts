import assert from "node:assert/strict";
import { PEER_NAMES } from "../../bench/broker/peers/peers.ts";
import { settingsFrom } from "../../bench/broker/settings.ts";

Deno.test("settingsFrom() has defaults for everything", () => {
  assert.deepEqual(settingsFrom([]), {
    loads: [1, 16, 64, 256, 1_024].map((inFlight) => ({ kind: "closed", inFlight })),
    seconds: 3,
    warmUp: 3,
    rounds: 3,
    bodies: [128],
    peers: PEER_NAMES,
    brokerPid: undefined,
  });
});

Deno.test("settingsFrom() lets flags win over --quick", () => {
  const settings = settingsFrom(["--quick", "--in-flight", "8", "--peers", "java,ours", "--broker-pid", "7"]);
  assert.deepEqual(settings.loads, [{ kind: "closed", inFlight: 8 }]);
  assert.equal(settings.rounds, 1);
  assert.deepEqual(settings.peers, ["java", "ours"]);
  assert.equal(settings.brokerPid, 7);
});

Deno.test("settingsFrom() takes several bodies, and rates of open loops", () => {
  assert.deepEqual(settingsFrom(["--full"]).bodies, [128, 1_024, 65_536]);
  assert.deepEqual(settingsFrom(["--full", "--body", "256"]).bodies, [256]);
  assert.deepEqual(settingsFrom(["--rate", "500,2000"]).loads, [
    { kind: "open", perSecond: 500 },
    { kind: "open", perSecond: 2_000 },
  ]);
});

Deno.test("settingsFrom() refuses what makes no sense, naming the flag", () => {
  assert.throws(() => settingsFrom(["--in-flight", "1,0"]), {
    name: "RangeError",
    message: /--in-flight is "0"/,
  });
  assert.throws(() => settingsFrom(["--seconds", "soon"]), { name: "RangeError", message: /--seconds/ });
  assert.throws(() => settingsFrom(["--seconds", "Infinity"]), { name: "RangeError", message: /--seconds/ });
  assert.throws(() => settingsFrom(["--body", "10"]), { name: "RangeError", message: /--body/ });
  assert.throws(() => settingsFrom(["--peers", "ours,pigeon"]), { name: "TypeError", message: /"pigeon"/ });
  assert.throws(() => settingsFrom(["--rate", "0"]), { name: "RangeError", message: /--rate/ });
  assert.throws(() => settingsFrom(["--colour"]), { name: "TypeError", message: /--colour/ });
});
