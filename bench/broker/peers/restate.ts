import { RESTATE_VERSION } from "../servers/restate.ts";
import { denoProgram, type Peer, startPair } from "./peer.ts";

/** Restate: calls are stored, and run again after a crash. */
export const restate: Peer = {
  what:
    `Restate ${RESTATE_VERSION}, one node with its defaults, a stateless service on @restatedev/restate-sdk 1.17.2 in Deno, its log off; ` +
    "called by HTTP at the ingress, JSON both ways; calls are stored on disk",
  start: async (servers, name) => {
    const { ingress, admin, pids } = await servers.restate();
    return await startPair({
      responder: () => denoProgram("./restate_responder.ts", import.meta.url, [admin, name]),
      requester: () => denoProgram("./restate_requester.ts", import.meta.url, [ingress, name]),
      serverPids: pids,
    });
  },
};
