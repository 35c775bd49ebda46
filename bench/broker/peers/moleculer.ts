import { NATS_VERSION } from "../servers/nats.ts";
import { denoProgram, type Peer, startPair } from "./peer.ts";

/** Moleculer over NATS: nothing is stored. */
export const moleculer: Peer = {
  what:
    `Moleculer 0.15.2 over nats-server ${NATS_VERSION}, in Deno, its defaults (JSON both ways) with a request timeout of ` +
    "10 s and its log off; nothing is stored",
  start: async (servers, name) => {
    const { url, pids } = await servers.nats();
    return await startPair({
      responder: () => denoProgram("./moleculer_responder.ts", import.meta.url, [url, name]),
      requester: () => denoProgram("./moleculer_requester.ts", import.meta.url, [url, name]),
      serverPids: pids,
    });
  },
};
