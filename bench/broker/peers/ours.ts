import type { EchoKind } from "../contract.ts";
import type { Pair } from "../pair.ts";
import { denoProgram, type Peer, startPair } from "./peer.ts";

const WHAT: Readonly<Record<EchoKind, string>> = {
  ours:
    "rocket-actors with its defaults: packing, a `safe` method, all headers, call ids as keys, pushed replies, JSON",
  unpacked: "the same with `packing: false`: one message per request; replies still travel together",
  marked:
    "as `ours` with a method that is neither `safe` nor `idempotent`: its start is stored before it runs",
};

/** Our calls over RocketMQ's remoting protocol. */
export function ours(kind: EchoKind): Peer {
  return {
    what: WHAT[kind],
    start: async (servers, name) => {
      const { nameServer, pids } = await servers.rocketMq();
      return await startOurs(`remoting:${nameServer}`, name, kind, pids);
    },
  };
}

/**
 * Starts both ends.
 *
 * @param where their transport, as `ourTransport()` reads it
 */
export async function startOurs(
  where: string,
  name: string,
  kind: EchoKind,
  serverPids: readonly number[],
): Promise<Pair> {
  const args = [where, name, kind];
  return await startPair({
    responder: () => denoProgram("./ours_responder.ts", import.meta.url, args),
    requester: () => denoProgram("./ours_requester.ts", import.meta.url, args),
    serverPids,
  });
}
