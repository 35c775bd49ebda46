/**
 * The address of an actor, as it stands in the chain of calls: `bank.Payments/transfer`, or `bank.Account@acc-1`
 * for an entity's key, whose methods are one actor.
 *
 * @param contract the contract's name
 * @param kind what the contract's actors are
 * @param method the method that is called
 * @param key the entity's key; a service's keys only choose queues
 */
export function addressOf(
  contract: string,
  kind: "service" | "entity",
  method: string,
  key: string | undefined,
): string {
  return kind === "entity" ? `${contract}@${key ?? ""}` : `${contract}/${method}`;
}
