import type { Capabilities } from "../transport.ts";
import { MAX_GRPC_BODY_BYTES } from "./defaults.ts";

/** What can be had from a proxy. */
export const CAPABILITIES: Capabilities = {
  ownership: "perMessage",
  ownedPartitions: false,
  orderedKeys: true,
  // A topic holds back all of its messages, or none.
  delayMs: false,
  durable: true,
  storedReplies: false,
  presence: false,
  maxBodyBytes: MAX_GRPC_BODY_BYTES,
};
