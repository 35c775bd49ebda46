import { NATS_VERSION } from "../servers/nats.ts";
import { denoProgram, type Peer, startPair } from "./peer.ts";

/** NATS request-reply: nothing is stored. */
export const nats: Peer = {
  what:
    `NATS request-reply, nats-server ${NATS_VERSION} with its defaults, @nats-io/transport-node 3.4.0 in Deno (the one ` +
    "for Deno is not on npm); nothing is stored; the requester writes JSON, the responder hands its bytes back",
  start: async (servers, name) => {
    const { url, pids } = await servers.nats();
    return await startPair({
      responder: () => denoProgram("./nats_responder.ts", import.meta.url, [url, name]),
      requester: () => denoProgram("./nats_requester.ts", import.meta.url, [url, name]),
      serverPids: pids,
    });
  },
};
