/** What every consuming client id of this library begins with; others can tell by it that packs are understood. */
export const OUR_MARKER = "rka1-";

/** The client id under which an instance consumes. */
export function consumerClientId(instance: number): string {
  return OUR_MARKER + instance.toString(36);
}

/** What the client ids begin with under which instances send. */
const CALLER_MARKER = "rkr1-";
const INSTANCE = /^[1-9a-z][0-9a-z]{0,10}$/;

/** The client id under which an instance sends, and is found by replies. */
export function callerClientId(instance: number): string {
  return CALLER_MARKER + instance.toString(36);
}

/** The instance that sends under a client id; `undefined` for a client that is none of ours. */
export function callerInstance(clientId: string): number | undefined {
  if (!clientId.startsWith(CALLER_MARKER)) return undefined;
  const text = clientId.slice(CALLER_MARKER.length);
  const instance = INSTANCE.test(text) ? Number.parseInt(text, 36) : NaN;
  return Number.isSafeInteger(instance) ? instance : undefined;
}

/** The topic of replies that are pulled, and the group in whose name: nobody is ever a member of it. */
export const REPLY_TOPIC = "rpc-replies";
/** The tag of an instance's messages in that topic. */
export function replyTag(instance: number): string {
  return instance.toString(36);
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
