import assert from "node:assert/strict";
import { GrpcStatus } from "../../../../../src/deps/grpc.ts";
import { Status } from "../../../../../src/deps/rocketmq_proto.ts";
import { expectOk, fromGrpc, ProxyError } from "../../../../../src/transport/grpc/client/error.ts";

Deno.test("fromGrpc tells a request that never left from one that may have arrived", () => {
  const { UNAVAILABLE, DEADLINE_EXCEEDED, UNIMPLEMENTED, UNAUTHENTICATED, CANCELLED } = GrpcStatus;
  const cases = [
    [UNAVAILABLE, "No connection established. Last error: ECONNREFUSED", "not_sent"],
    [UNAVAILABLE, "Name resolution failed for target dns:x:81", "not_sent"],
    [UNAVAILABLE, "Connection dropped", "unknown"],
    [DEADLINE_EXCEEDED, "Deadline exceeded after 3.000s", "unknown"],
    [CANCELLED, "Cancelled on client", "unknown"],
    [UNIMPLEMENTED, "no such method", "refused"],
    [UNAUTHENTICATED, "who are you", "refused"],
  ] as const;
  for (const [code, details, kind] of cases) assert.equal(fromGrpc({ code, details }).kind, kind, details);
});

Deno.test("expectOk throws with RocketMQ's code and words unless all is well", () => {
  expectOk(new Status().setCode(20_000), "this");
  assert.throws(() => expectOk(undefined, "this"), ProxyError);
  assert.throws(
    () => expectOk(new Status().setCode(40_402).setMessage("no route"), "a look"),
    (error: unknown) =>
      error instanceof ProxyError && error.code === 40_402 && /a look: 40402: no route/.test(error.message),
  );
});
