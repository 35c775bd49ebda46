/** What every consuming client id of this library begins with; others can tell by it that packs are understood. */
export const OUR_MARKER = "rka1-";

/** The client id under which an instance consumes. */
export function consumerClientId(instance: number): string {
  return OUR_MARKER + instance.toString(36);
}

/** The client id under which an instance sends, and is found by replies. */
export function callerClientId(instance: number): string {
  return `rkr1-${instance.toString(36)}`;
}

/** The groups whose "offsets" keep what RocketMQ has no place for. */
export const sideGroups = {
  /** The offset is the owner's instance number. */
  owner: (group: string): string => `${group}_own`,
  /** The offset is the mark of that level: everything below was started that often. */
  mark: (group: string, level: number): string => `${group}_a${level}`,
  /** All of them. */
  all: (group: string): string[] => [`${group}_own`, `${group}_a1`, `${group}_a2`, `${group}_a3`],
} as const;
