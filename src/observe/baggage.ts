import { MAX_BAGGAGE_BYTES } from "../call/defaults.ts";
import { type Baggage, propagation } from "../deps/opentelemetry.ts";

/** Most entries that are read or written. */
const MAX_ENTRIES = 64;
const KEY = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Reads a W3C `baggage` header; what is malformed in it is left out, and all of one that is too large. */
export function readBaggage(header: string | undefined): Baggage | undefined {
  if (header === undefined || header.length > MAX_BAGGAGE_BYTES) return undefined;
  const entries: Record<string, { readonly value: string }> = {};
  let count = 0;
  for (const member of header.split(",", MAX_ENTRIES)) {
    const [pair = ""] = member.split(";", 1);
    const at = pair.indexOf("=");
    const key = pair.slice(0, Math.max(0, at)).trim();
    const value = decoded(pair.slice(at + 1).trim());
    if (!KEY.test(key) || key === "__proto__" || value === undefined) continue;
    entries[key] = { value };
    count++;
  }
  return count === 0 ? undefined : propagation.createBaggage(entries);
}

/** Writes a `baggage` header of what fits into it; `undefined` where there is nothing. */
export function writeBaggage(baggage: Baggage | undefined): string | undefined {
  if (baggage === undefined) return undefined;
  let header = "";
  let count = 0;
  for (const [key, { value }] of baggage.getAllEntries()) {
    if (!KEY.test(key) || !value.isWellFormed() || count === MAX_ENTRIES) continue;
    const member = `${key}=${encodeURIComponent(value)}`;
    if (header.length + 1 + member.length > MAX_BAGGAGE_BYTES) continue;
    header += header === "" ? member : `,${member}`;
    count++;
  }
  return header === "" ? undefined : header;
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
