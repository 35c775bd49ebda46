import assert from "node:assert/strict";
import { MessageType, type ProtoMessage } from "../../../../src/deps/rocketmq_proto.ts";
import { ScriptedProxy } from "../../../fault/scripted_proxy.ts";
import { startGrpc, textMessage } from "../../../helpers/grpc_stage.ts";

const { FIFO, NORMAL, MESSAGE_TYPE_UNSPECIFIED: UNTOLD } = MessageType;

/** Plays a topic of which its proxy can say what it takes, or not; notes as what each message was sent. */
class Fixture {
  types: readonly number[] = [FIFO];
  readonly sent: string[] = [];

  start(): Promise<ScriptedProxy> {
    return ScriptedProxy.start({
      types: (topic) => topic === "T" ? this.types : [NORMAL],
      code: (kind, request) => {
        if (kind === "send") this.#note(request);
        return undefined;
      },
    });
  }

  #note(request: unknown): void {
    // Of that kind, a request has messages.
    for (const message of (request as { getMessagesList(): ProtoMessage[] }).getMessagesList()) {
      if (message.getTopic()?.getName() !== "T") continue;
      const system = message.getSystemProperties();
      const group = system?.getMessageGroup() ?? "";
      this.sent.push(`${system?.getMessageType()} ${group.startsWith("~") ? "own" : group}`);
    }
  }
}

Deno.test("Sends: a message keeps its message group while the proxy cannot tell any more that the topic has them", async () => {
  const at = new Fixture();
  await using proxy = await at.start();
  await using started = await startGrpc({ endpoints: proxy.endpoint });
  const { transport } = started;
  const send = async (messageGroup: string | undefined) => {
    // As it is looked up again after a while.
    const [queue] = await transport.queues("T", { fresh: true });
    assert.ok(queue);
    await transport.send(textMessage("T", "x", { messageGroup }), { queue });
  };
  await send("k");
  await send(undefined);
  at.types = [UNTOLD];
  await send("k");
  await send(undefined);
  assert.deepEqual(at.sent, [`${FIFO} k`, `${FIFO} own`, `${FIFO} k`, `${FIFO} own`]);
});

Deno.test("Sends: where the proxy never told what a topic takes, what has a message group goes with it, other things without", async () => {
  const at = new Fixture();
  at.types = [UNTOLD];
  await using proxy = await at.start();
  await using started = await startGrpc({ endpoints: proxy.endpoint });
  const { transport } = started;
  const [queue] = await transport.queues("T");
  assert.ok(queue);
  await transport.send(textMessage("T", "x", { messageGroup: "k" }), { queue });
  await transport.send(textMessage("T", "x"), { queue });
  assert.deepEqual(at.sent, [`${FIFO} k`, `${NORMAL} `]);
});
