/**
 * One of two processes that do the same pieces of work over one file. Prints, as JSON, which of them it did.
 *
 *     store_racer.ts <file> <works> <me> <other>     starts when both are there
 *     store_racer.ts <file> die                      begins one piece of work, and dies in it
 */
// deno-lint-ignore-file no-console -- a program whose output is read
import { sqliteStore } from "../../src/store/sqlite_store.ts";
import { workOf } from "./store_suite.ts";

const [path = "", works = "", me = "", other = ""] = Deno.args;
const AT_ONCE = 16;
const store = sqliteStore(path);
const done: string[] = [];

async function attempt(key: string): Promise<void> {
  for (;;) {
    const begun = await store.begin(workOf(key), { leaseMs: 60_000, takeOver: true });
    if (begun.kind === "finished") return;
    if (begun.kind !== "begun") continue;
    done.push(key);
    await store.finish(begun.claim, new TextEncoder().encode(me));
    return;
  }
}

if (works === "die") {
  await store.begin(workOf("left"), { leaseMs: 300, takeOver: false });
  Deno.exit(9);
}

const keys = Array.from({ length: Number(works) }, (_, index) => `k${index}`);
// Each begins at an end of its own, and goes on once the other has begun: both have a part, whoever is faster.
if (me < other) keys.reverse();
await attempt(keys.pop() ?? "");
await attempt(`here-${me}`);
while ((await store.find(workOf(`here-${other}`))).kind !== "finished");
done.splice(done.indexOf(`here-${me}`), 1);

const loop = async () => {
  for (let key = keys.pop(); key !== undefined; key = keys.pop()) await attempt(key);
};
await Promise.all(Array.from({ length: AT_ONCE }, loop));
await store.close();
console.log(JSON.stringify(done));
