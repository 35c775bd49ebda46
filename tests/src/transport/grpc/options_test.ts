import assert from "node:assert/strict";
import { grpc, type GrpcOptions } from "rocket-actors/transport/grpc";
import { grpcSettings } from "../../../../src/transport/grpc/options.ts";

const endpoints = "127.0.0.1:8081";

Deno.test("grpcSettings fills in what is left out", () => {
  const { redeliverAfterMs, pollMs, tls, namespace } = grpcSettings({ endpoints });
  assert.deepEqual([redeliverAfterMs, pollMs, tls, namespace], [30_000, 5_000, false, undefined]);
});

Deno.test("grpc refuses options that mean nothing before it connects to anybody", () => {
  const wrong: readonly (readonly [Partial<GrpcOptions>, RegExp])[] = [
    [{ endpoints: "nowhere" }, /TypeError: Cannot use 'endpoints'/],
    [{ namespace: "a b" }, /TypeError: Cannot use 'namespace'/],
    [{ credentials: { accessKey: "", secretKey: "x" } }, /TypeError: Cannot use 'credentials'/],
    [{ redeliverAfterMs: 999 }, /RangeError: Cannot use 'redeliverAfterMs'/],
    [{ redeliverAfterMs: NaN }, /RangeError: Cannot use 'redeliverAfterMs'/],
    [{ pollMs: 20_001 }, /RangeError: Cannot use 'pollMs'/],
    [{ tls: { ca: "no certificate" } }, /TypeError: Cannot use 'tls.ca'/],
    [{ tls: { certificate: "x" } }, /TypeError: Cannot use 'tls.key'/],
    [{ tls: { key: "x" } }, /TypeError: Cannot use 'tls.certificate'/],
  ];
  for (const [options, message] of wrong) {
    assert.throws(
      () => grpc({ endpoints, ...options }),
      (error: Error) => message.test(String(error)),
      String(message),
    );
  }
});
