import assert from "node:assert/strict";
import { runnable } from "./programs.ts";

const SUITES = [
  "tests/interop/go_requester_broker_test.ts",
  "tests/interop/java_requester_broker_test.ts",
  "tests/takeover/takeover_broker_test.ts",
];

Deno.test("runnable names the suites that lack a program, and which", async () => {
  const { ready, lacking } = await runnable(SUITES, {
    has: (program) => Promise.resolve(program === "java"),
  });
  assert.deepEqual(ready, ["tests/takeover/takeover_broker_test.ts"]);
  assert.deepEqual([...lacking], [
    ["tests/interop/go_requester_broker_test.ts", ["go"]],
    ["tests/interop/java_requester_broker_test.ts", ["javac", "mvn"]],
  ]);
});

Deno.test("runnable lets all run where nothing is missing, and asks for each program once", async () => {
  const asked: string[] = [];
  const { ready, lacking } = await runnable([...SUITES, "tests/interop/go_x_broker_test.ts"], {
    has: (program) => {
      asked.push(program);
      return Promise.resolve(true);
    },
  });
  assert.deepEqual([ready.length, lacking.size], [4, 0]);
  assert.deepEqual(asked.sort(), ["go", "java", "javac", "mvn"]);
});

Deno.test("runnable names the suites that lack a proxy", async () => {
  const suites = ["tests/conformance/call_grpc_broker_test.ts", "tests/takeover/takeover_broker_test.ts"];
  const { ready, lacking } = await runnable(suites, { proxy: false });
  assert.deepEqual([ready, [...lacking]], [[suites[1]], [[suites[0], ["a gRPC proxy"]]]]);
});

Deno.test("runnable looks into the PATH by default", async () => {
  const { ready } = await runnable(["tests/takeover/takeover_broker_test.ts"]);
  assert.equal(ready.length, 1);
});
