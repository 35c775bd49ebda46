import { encodePack, HeadText, type PackEntry } from "../../src/envelope/pack.ts";

/** Writes a pack out of entries as they are read. */
export function packOf(entries: readonly PackEntry[]): Uint8Array {
  return encodePack(entries.map(({ headers, body }) => {
    const head = new HeadText();
    for (const [name, value] of headers) head.set(name, value);
    return { head: head.text, body };
  }));
}
