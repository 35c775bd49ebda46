import type { Contract } from "../contract/types.ts";
import type { Capabilities } from "../transport/transport.ts";

/**
 * Refuses to serve what a transport cannot keep. Where messages are settled one by one, every instance takes from
 * every queue: calls of one key keep their order, but no instance owns the key, so that state beside it would be in
 * as many versions as there are instances.
 *
 * @param stateful methods whose handlers keep state of their own
 * @throws {TypeError} saying why, and what to use instead
 */
export function checkOwnership(
  contract: Contract,
  { ownedPartitions, orderedKeys }: Capabilities,
  stateful: readonly string[] = [],
): void {
  const refuse = (why: string, instead: string) => {
    throw new TypeError(`Cannot serve "${contract.name}" over this transport: ${why}; ${instead}`);
  };
  const elsewhere =
    "or serve it over a transport whose instances own their queues, such as remoting() or embedded()";
  if (contract.kind === "entity" && !ownedPartitions) {
    const instead = "define a service whose methods have a 'key', and keep the state in your database";
    refuse(
      "it settles message by message, so no instance owns a key of the entity",
      `${instead}, ${elsewhere}`,
    );
  }
  for (const [method, { settings }] of Object.entries(contract.methods)) {
    if (contract.kind === "service" && settings.key === undefined) continue;
    if (!orderedKeys) {
      const instead = "make its topic one with message groups (FIFO)";
      refuse(
        `it cannot keep the calls of one key in order, which "${method}" asks for`,
        `${instead}, ${elsewhere}`,
      );
    }
    if (!ownedPartitions && stateful.includes(method)) {
      const instead = "write a function, and keep the state of each key in your database";
      refuse(
        `it settles message by message, so no instance owns the keys that the actor() of "${method}" keeps state of`,
        `${instead}, ${elsewhere}`,
      );
    }
  }
}
