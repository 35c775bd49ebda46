import assert from "node:assert/strict";
import { systemClock } from "rocket-actors";
import { inTime, TOO_LATE } from "../../../../../src/async/in_time.ts";
import { Identity } from "../../../../../src/transport/grpc/client/account.ts";
import { Connection } from "../../../../../src/transport/grpc/client/connection.ts";
import { parseEndpoints } from "../../../../../src/transport/grpc/client/endpoints.ts";
import { type Outgoing, Sender } from "../../../../../src/transport/grpc/client/sender.ts";
import { toProto } from "../../../../../src/transport/grpc/messages.ts";
import { ScriptedProxy } from "../../../../fault/scripted_proxy.ts";
import { textMessage } from "../../../../helpers/grpc_stage.ts";

/** A message that no other travels with. */
function alone(tag: string): Outgoing {
  const common = { topic: "T", namespace: undefined, sentAtMs: 0, own: [] };
  return toProto(textMessage("T", tag, { tag }), { ...common, messageId: tag, fifo: true, normal: false });
}

Deno.test("Sender sends what is behind a message whose wait ended before its turn", async () => {
  await using proxy = await ScriptedProxy.start();
  const connection = new Connection({
    endpoints: parseEndpoints(proxy.endpoint),
    tls: false,
    clock: systemClock,
    random: Math.random,
    onChange: () => {},
  });
  await using _ = { [Symbol.asyncDispose]: () => connection.close() };
  connection.start();
  await connection.ready();
  const identity = new Identity("sender-test", undefined, undefined);
  const sender = new Sender({ connection, identity, clock: systemClock });
  const controller = new AbortController();
  const given = sender.send(alone("a"), { signal: controller.signal });
  const behind = sender.send(alone("b"), {});
  controller.abort(new Error("given up"));
  await assert.rejects(given, /given up/);
  assert.notEqual(await inTime(behind, 20_000, systemClock), TOO_LATE);
  assert.deepEqual(proxy.sends, [["b"]]);
});
