import assert from "node:assert/strict";
import { MessageType, type ProtoSettings } from "../../../../../src/deps/rocketmq_proto.ts";
import { ScriptedProxy } from "../../../../fault/scripted_proxy.ts";
import { startGrpc } from "../../../../helpers/grpc_stage.ts";
import { RecordingSink } from "../../../../helpers/recording_sink.ts";

Deno.test("Session says itself whether its group keeps an order, for a proxy that does not know", async () => {
  const types = (topic: string) => [topic === "Ordered" ? MessageType.FIFO : MessageType.NORMAL];
  await using proxy = await ScriptedProxy.start({ types, untold: true });
  await using started = await startGrpc({ endpoints: proxy.endpoint });
  for (const topic of ["Plain", "Ordered"]) {
    await started.transport.subscribe({ topic, group: `rpc-${topic}` }, new RecordingSink());
  }
  const said = (settings: ProtoSettings) => {
    const subscription = settings.getSubscription();
    const group = subscription?.getGroup()?.getName().replace(/^rpc-replies-.*/, "replies");
    return [group, subscription?.getFifo()];
  };
  assert.deepEqual(proxy.settings.map(said), [
    ["replies", false],
    ["rpc-Plain", false],
    ["rpc-Ordered", true],
  ]);
});
