import assert from "node:assert/strict";
import { ByteRelay } from "../../../fault/byte_relay.ts";
import { ScriptedProxy } from "../../../fault/scripted_proxy.ts";
import { HastyClock, startGrpc, textMessage } from "../../../helpers/grpc_stage.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { assertFails, until } from "../../../helpers/settled.ts";

Deno.test("GrpcTransport notices a network that is cut without a word, and goes on once it is whole", async () => {
  await using proxy = await ScriptedProxy.start();
  await using relay = new ByteRelay(proxy.endpoint);
  const clock = new HastyClock();
  await using started = await startGrpc({ endpoints: relay.endpoint }, clock);
  const { transport, states } = started;
  const sink = new RecordingSink();
  await transport.subscribe({ topic: "T", group: "rpc-T" }, sink);
  const [queue] = await transport.queues("T");
  assert.ok(queue);
  relay.cut();
  clock.pace(10);
  const lost = assertFails(
    transport.send(textMessage("T", "lost"), { queue }),
    "unavailable",
    "sent_unknown",
  );
  await until(() => states.at(-1) === "degraded");
  await lost;
  clock.pace(1);
  relay.heal();
  await until(() => states.at(-1) === "connected");
  await transport.send(textMessage("T", "again"), { queue });
  await until(() => sink.texts.includes("again"));
});

Deno.test("GrpcTransport closes within its limits while its network is cut", async () => {
  await using proxy = await ScriptedProxy.start();
  await using relay = new ByteRelay(proxy.endpoint);
  const started = await startGrpc({ endpoints: relay.endpoint });
  const { transport } = started;
  const sink = new RecordingSink();
  await transport.subscribe({ topic: "T", group: "rpc-T" }, sink);
  const [queue] = await transport.queues("T");
  assert.ok(queue);
  await transport.send(textMessage("T", "1"), { queue });
  await until(() => sink.texts.length === 1);
  relay.cut();
  const since = performance.now();
  sink.delivery("1").ack();
  await transport.close();
  assert.deepEqual(sink.queues, []);
  assert.ok(performance.now() - since < 15_000, `it took ${performance.now() - since} ms`);
  relay.heal();
});

Deno.test("GrpcTransport closes in every state of its start and of a proxy that goes", async () => {
  await using proxy = await ScriptedProxy.start();
  const early = startGrpc({ endpoints: proxy.endpoint });
  proxy.stop();
  await early.then((started) => started.transport.close(), () => {});
  await proxy.listen();
  const started = await startGrpc({ endpoints: proxy.endpoint });
  proxy.endTelemetry();
  await started.transport.close();
  const again = await startGrpc({ endpoints: proxy.endpoint });
  const closing = again.transport.close();
  proxy.stop();
  await closing;
  assert.equal(again.transport.close(), closing);
  // gRPC's own timer between two addresses of a host outlives the channel; it holds nothing up.
  await new Promise((resolve) => setTimeout(resolve, 300));
});
