import type { DirectListener } from "../src/server/direct_listener.ts";
import type { ChildSpec } from "./supervision/child.ts";
import type { Parts } from "./parts.ts";

/**
 * The second child of a system's root: what comes past all queues, and the calls that the system makes itself, which
 * settle when it stops.
 */
export function directChild(
  { caller, transport: { addresses } }: Pick<Parts, "caller" | "transport">,
  direct: Pick<DirectListener, "refused" | "unknownCancels" | "unknownStreams">,
): ChildSpec {
  return {
    id: "direct",
    kind: "direct",
    start: () => ({
      stop: () => caller.close("the system is closed"),
      state: () => {
        const { refused, unknownCancels, unknownStreams } = direct;
        const { size: streams, stray: strayItems } = caller.streams;
        const { size: pending, lateReplies, refusedReplies } = caller.pending;
        return {
          details: {
            pending,
            lateReplies,
            refusedReplies,
            refused,
            unknownCancels,
            streams,
            strayItems,
            unknownStreams,
            address: addresses.direct,
          },
        };
      },
    }),
  };
}
