import { makeTopic } from "../../../tests/interop/class_topic.ts";
import { denoProgram, type Peer, startPair } from "./peer.ts";

const WHAT = {
  packed:
    "our RocketMQ client alone (`rocket-actors/rocketmq`), no runtime: requests that wait while one is sent to each of " +
    "4 queues travel together, at most 64, and so do their replies; bytes with their lengths before them; no codec, keys, " +
    "deadline headers, duplicate window, marks or ownership",
  unpacked: "the same with one message per request and per reply",
} as const;

/** Our client of RocketMQ without the runtime: what a call costs at least. */
export function native(kind: keyof typeof WHAT): Peer {
  return {
    what: WHAT[kind],
    start: async (servers, name) => {
      const { nameServer, pids } = await servers.rocketMq();
      await makeTopic(nameServer, name);
      return await startPair({
        responder: () => denoProgram("./native_responder.ts", import.meta.url, [nameServer, name]),
        requester: () => denoProgram("./native_requester.ts", import.meta.url, [nameServer, name, kind]),
        serverPids: pids,
      });
    },
  };
}
