import { escapeHeader, unescapeHeader } from "./headers.ts";

const SEPARATOR = " ";
/** The chain of a call that is not nested. */
export const NO_CALLS: readonly string[] = Object.freeze([]);

/** Writes the addresses of the calls above as one header value, outermost first; spaces in keys as `%20`. */
export function encodeChain(chain: readonly string[]): string {
  return chain.map((address) => escapeHeader(address).replaceAll(" ", "%20")).join(SEPARATOR);
}

/** Reads what {@linkcode encodeChain} wrote. Never throws: a chain is only ever compared. */
export function decodeChain(value: string | undefined): readonly string[] {
  if (value === undefined || value === "") return NO_CALLS;
  return value.split(SEPARATOR).map((address) => unescapeHeader(address));
}
