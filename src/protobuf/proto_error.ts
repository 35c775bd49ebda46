/** Where something stands in .proto files. */
export interface ProtoPlace {
  readonly file: string;
  readonly line?: number | undefined;
}

/** Says what is wrong with a .proto file, where, and what to do. */
export function protoError({ file, line }: ProtoPlace, what: string, cause?: unknown): TypeError {
  const at = line === undefined ? file : `${file}, line ${line}`;
  return new TypeError(`Cannot use ${at}: ${what}`, cause === undefined ? {} : { cause });
}
