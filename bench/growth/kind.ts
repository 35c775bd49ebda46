/** What the programs of a growth bench serve and call. */
export const KINDS = ["echo", "services", "keys", "quick", "slow", "probe"] as const;

/** One of them. */
export type Kind = typeof KINDS[number];

/**
 * Reads one.
 *
 * @throws {TypeError} on any other word
 */
export function kindOf(word: string | undefined): Kind {
  const known = KINDS.find((kind) => kind === word);
  if (known === undefined) throw new TypeError(`"${word}" is none of ${KINDS.join(", ")}`);
  return known;
}
