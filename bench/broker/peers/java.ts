import { startJava } from "../../../tests/interop/java.ts";
import { type Peer, startPair } from "./peer.ts";

/** RocketMQ's official Java client. */
export const java: Peer = {
  what: "official Java client: `DefaultMQProducer.request()`, a thread for each call in flight; " +
    "`DefaultMQPushConsumer` with its defaults (20 threads), answering by `MessageUtil.createReplyMessage`",
  start: async (servers, name) => {
    const { nameServer, pids } = await servers.rocketMq();
    return await startPair({
      responder: () => startJava("BenchResponder", [nameServer, name, `${name}-group`]),
      requester: () => startJava("BenchRequester", [nameServer, name]),
      serverPids: pids,
    });
  },
};
