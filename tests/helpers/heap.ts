import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: unknown = runInNewContext("gc");

/** Bytes in use on the heap once all garbage is gone. */
export function heapUsed(): number {
  if (typeof collect !== "function") {
    throw new TypeError("This runtime does not let its garbage be collected");
  }
  collect();
  return Deno.memoryUsage().heapUsed;
}
