import { makeTopic } from "../../../tests/interop/class_topic.ts";
import { startGo } from "../../../tests/interop/go.ts";
import { type Peer, startPair } from "./peer.ts";

/** RocketMQ's official Go client. */
export const go: Peer = {
  what:
    "official Go client 2.1.2: `producer.Request()`, a goroutine for each call in flight; push consumer with its " +
    "defaults, answering by `SendSync` of `consumer.CreateReplyMessage`",
  start: async (servers, name) => {
    const { nameServer, pids } = await servers.rocketMq();
    // Its consumer makes no topic.
    await makeTopic(nameServer, name);
    return await startPair({
      responder: () => startGo("bench-responder", [nameServer, name, `${name}-group`]),
      requester: () => startGo("bench-requester", [nameServer, name]),
      serverPids: pids,
    });
  },
};
