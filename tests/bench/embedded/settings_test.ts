import assert from "node:assert/strict";
import { settingsFrom } from "../../../bench/embedded/settings.ts";

Deno.test("settingsFrom: without flags what the task says", () => {
  assert.deepEqual(settingsFrom([]), {
    inFlight: [1, 64, 1_024],
    seconds: 2,
    rounds: 5,
    body: 128,
    peers: ["ours", "nact"],
  });
});

Deno.test("settingsFrom: a quick run is shorter, and flags come before that", () => {
  const settings = settingsFrom(["--quick", "--rounds", "3", "--in-flight", "8", "--peers", "nact"]);
  assert.deepEqual(settings, { inFlight: [8], seconds: 0.5, rounds: 3, body: 128, peers: ["nact"] });
});

Deno.test("settingsFrom: numbers that make no sense are refused by name", () => {
  assert.throws(() => settingsFrom(["--in-flight", "1,0"]), /--in-flight is "0"/);
  assert.throws(() => settingsFrom(["--seconds", "soon"]), /--seconds is "soon"/);
  assert.throws(() => settingsFrom(["--peers", "akka"]), /--peers: "akka"/);
  assert.throws(() => settingsFrom(["--body", "8"]), /--body is "8"/);
});
