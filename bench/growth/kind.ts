/** What the programs of a growth bench serve and call. */
export const KINDS = [
  ...["echo", "echo-unpacked", "services", "services-unpacked", "keys"] as const,
  ...["quick", "slow", "probe"] as const,
] as const;

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
