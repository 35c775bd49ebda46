const LENGTH_BYTES = 4;

/** Several bodies as one, each with its length before it. */
export function joinBodies(bodies: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(bodies.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const body of bodies) {
    view.setUint32(at, body.length);
    joined.set(body, at + LENGTH_BYTES);
    at += LENGTH_BYTES + body.length;
  }
  return joined;
}

/** The bodies that were joined, as views. */
export function splitBodies(joined: Uint8Array): Uint8Array[] {
  const view = new DataView(joined.buffer, joined.byteOffset, joined.byteLength);
  const bodies: Uint8Array[] = [];
  for (let at = 0; at < joined.length;) {
    const begin = at + LENGTH_BYTES;
    at = begin + view.getUint32(at);
    bodies.push(joined.subarray(begin, at));
  }
  return bodies;
}
