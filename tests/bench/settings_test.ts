import assert from "node:assert/strict";
import { settingsFrom } from "../../bench/broker/settings.ts";

Deno.test("settingsFrom() has defaults for everything", () => {
  assert.deepEqual(settingsFrom([]), {
    inFlight: [1, 16, 64, 256],
    seconds: 4,
    warmUp: 1,
    rounds: 3,
    body: 128,
    peers: ["ours", "unpacked", "java"],
    brokerPid: undefined,
  });
});

Deno.test("settingsFrom() lets flags win over --quick", () => {
  const settings = settingsFrom(["--quick", "--in-flight", "8", "--peers", "java,ours", "--broker-pid", "7"]);
  assert.deepEqual(settings.inFlight, [8]);
  assert.equal(settings.rounds, 1);
  assert.deepEqual(settings.peers, ["java", "ours"]);
  assert.equal(settings.brokerPid, 7);
});

Deno.test("settingsFrom() refuses what makes no sense, naming the flag", () => {
  assert.throws(() => settingsFrom(["--in-flight", "1,0"]), {
    name: "RangeError",
    message: /--in-flight is "0"/,
  });
  assert.throws(() => settingsFrom(["--seconds", "soon"]), { name: "RangeError", message: /--seconds/ });
  assert.throws(() => settingsFrom(["--seconds", "Infinity"]), { name: "RangeError", message: /--seconds/ });
  assert.throws(() => settingsFrom(["--body", "10"]), { name: "RangeError", message: /--body/ });
  assert.throws(() => settingsFrom(["--peers", "ours,go"]), { name: "TypeError", message: /--peers: "go"/ });
  assert.throws(() => settingsFrom(["--colour"]), { name: "TypeError", message: /--colour/ });
});
