import assert from "node:assert/strict";
import { systemClock } from "rocket-actors";
import { Identity } from "../../../../../src/transport/grpc/client/account.ts";
import { Connection } from "../../../../../src/transport/grpc/client/connection.ts";
import { parseEndpoints } from "../../../../../src/transport/grpc/client/endpoints.ts";
import { receive } from "../../../../../src/transport/grpc/client/receive.ts";
import { ScriptedProxy } from "../../../../fault/scripted_proxy.ts";

Deno.test("receive() says of a connection that was given up that it is, and asks nothing of it", async () => {
  await using proxy = await ScriptedProxy.start();
  const connection = new Connection({
    endpoints: parseEndpoints(proxy.endpoint),
    tls: false,
    clock: systemClock,
    random: Math.random,
    onChange: () => {},
  });
  connection.start();
  const lease = await connection.ready();
  await connection.close();
  const options = {
    identity: new Identity("receive-test", undefined, undefined),
    clock: systemClock,
    namespace: undefined,
    topic: "T",
    group: "G",
    broker: "broker-a",
    expression: "*",
    pollMs: 1_000,
    invisibleMs: 10_000,
  };
  const ended = await receive(lease, options, 1, () => {}, new AbortController().signal);
  assert.equal(ended?.kind, "not_sent");
  assert.equal(proxy.count("receive"), 0);
});
