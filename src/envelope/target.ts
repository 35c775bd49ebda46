/** The method that a request to a direct address is for. */
export interface Target {
  /** The contract's name. */
  readonly contract: string;
  /** The method's name. */
  readonly method: string;
}

/** Writes a target as one header value: `contract/method`. */
export function writeTarget({ contract, method }: Target): string {
  return `${contract}/${method}`;
}

/** Reads what {@linkcode writeTarget} wrote; `undefined` for what names no method. Neither name holds a `/`. */
export function readTarget(value: string | undefined): Target | undefined {
  const slash = value?.indexOf("/") ?? -1;
  if (value === undefined || slash < 1 || slash === value.length - 1) return undefined;
  return { contract: value.slice(0, slash), method: value.slice(slash + 1) };
}
