import type { Fields } from "./command.ts";

/** A command about to be written. Its language is the client's own. */
export interface OutgoingCommand {
  readonly code: number;
  readonly flag: number;
  /** Within 0..2^31-1. */
  readonly opaque: number;
  readonly fields: Fields;
  readonly remark?: string | undefined;
  readonly body?: Uint8Array | undefined;
  /** Default: the client's own. */
  readonly version?: number | undefined;
}

/** What a header says; the body is the rest of the frame. */
export interface Header {
  readonly code: number;
  readonly flag: number;
  readonly opaque: number;
  readonly language: string;
  readonly version: number;
  readonly remark: string | undefined;
  readonly fields: Fields;
}
