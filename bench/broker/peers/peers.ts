import { go } from "./go.ts";
import { grpc } from "./grpc.ts";
import { java } from "./java.ts";
import { moleculer } from "./moleculer.ts";
import { native } from "./native.ts";
import { nats } from "./nats.ts";
import { ours } from "./ours.ts";
import type { Peer } from "./peer.ts";
import { restate } from "./restate.ts";

/** Who can be measured, in the order in which they take turns. */
export const PEERS = {
  "ours": ours("ours"),
  "unpacked": ours("unpacked"),
  "marked": ours("marked"),
  "grpc": grpc,
  "native": native("packed"),
  "native-unpacked": native("unpacked"),
  "java": java,
  "go": go,
  "nats": nats,
  "moleculer": moleculer,
  "restate": restate,
} as const satisfies Record<string, Peer>;

/** One of them. */
export type PeerName = keyof typeof PEERS;

/** Their names. */
// Nothing else is in there: the object was written above.
export const PEER_NAMES: readonly PeerName[] = Object.keys(PEERS) as PeerName[];
