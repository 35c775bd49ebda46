/** Names of the ext fields of a command and their values; all text, numbers in decimal. */
export type Fields = Readonly<Record<string, string>>;

/** A request as its sender states it. */
export interface RequestCommand {
  /** Request code; see {@linkcode RequestCode}. */
  readonly code: number;
  /** Ext fields: the request's own header. */
  readonly fields: Fields;
  /** Copied when the request is queued. An empty body reaches a broker as none. */
  readonly body?: Uint8Array | undefined;
  /** Text for people. */
  readonly remark?: string | undefined;
}

/** What a client answers to a request of the server. */
export interface RequestReply {
  /** Response code; 0 is success. */
  readonly code: number;
  /** Ext fields: the answer's own header. */
  readonly fields?: Fields | undefined;
  /** Copied when the answer is queued. */
  readonly body?: Uint8Array | undefined;
  /** Says why, when it failed. */
  readonly remark?: string | undefined;
}

/** A command as it travels: request or response, in either direction. RocketMQ: RemotingCommand. */
export interface Command {
  /** Request code or response code, as {@linkcode isResponse} tells. */
  readonly code: number;
  /** Bits {@linkcode RESPONSE_FLAG} and {@linkcode ONEWAY_FLAG}. */
  readonly flag: number;
  /** Ties a response to its request, on one connection and in one direction. */
  readonly opaque: number;
  /** Name of the sender's language, e.g. `JAVA`. */
  readonly language: string;
  /** Ordinal of the sender's version. */
  readonly version: number;
  /** Text for people; in responses the reason of a failure. */
  readonly remark: string | undefined;
  /** Ext fields: the header of the request or response. */
  readonly fields: Fields;
  /** Empty when there is none. Memory of its own or a view of the frame; it stays valid. */
  readonly body: Uint8Array;
}

/** Flag bit 0: the command is a response. */
export const RESPONSE_FLAG = 1;

/** Flag bit 1: the sender of the request wants no response. */
export const ONEWAY_FLAG = 2;

/**
 * The version this client states: 441, V5_1_4. From 401 on routes come in standard JSON; up to 441 no server sends
 * GO_AWAY (1500). RocketMQ: MQVersion.
 */
export const CLIENT_VERSION = 441;

/** Whether the command is a response. */
export function isResponse(command: Command): boolean {
  return (command.flag & RESPONSE_FLAG) !== 0;
}

/** Whether the command is a request that wants no response. */
export function isOneway(command: Command): boolean {
  return (command.flag & ONEWAY_FLAG) !== 0;
}
