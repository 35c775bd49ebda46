/**
 * Work that outlives its process: `embedded({ file })` keeps calls on the disk. Without a file this program plays it
 * through: it starts itself, kills itself in the middle of an order, and starts itself again. With a file it is that
 * program: take orders, kill it whenever you like, start it again, and the work goes on.
 *
 *     deno run -A examples/22_durable.ts
 *     deno run -A examples/22_durable.ts orders.db --take   # then kill it
 *     deno run -A examples/22_durable.ts orders.db
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createSystem, defineService, embedded, method } from "rocket-actors";

const ORDERS = 5;
const PACKING_MS = 400;
/** How long a start without orders waits for those that an earlier run has left behind. */
const PATIENCE_MS = 2_000;

const Warehouse = defineService("shop.Warehouse", {
  // All of one key: one after the other.
  pack: method.oneway<{ order: number }>({ idempotent: true, key: () => "bench" }),
});

async function work(file: string, take: boolean): Promise<void> {
  const { promise: allPacked, resolve } = Promise.withResolvers<void>();
  const idle = setTimeout(() => {
    console.log("nothing is left to pack");
    resolve();
  }, PATIENCE_MS);
  await using system = await createSystem({ name: "shop", transport: embedded({ file }) });
  await system.serve(Warehouse, {
    pack: async ({ order }, { attempt }) => {
      clearTimeout(idle);
      await new Promise((packed) => setTimeout(packed, PACKING_MS));
      console.log(`packed order ${order}, attempt ${attempt}`);
      if (order === ORDERS) resolve();
    },
  });
  if (take) {
    const warehouse = system.client(Warehouse);
    for (let order = 1; order <= ORDERS; order++) await warehouse.pack({ order });
    console.log(`${ORDERS} orders are on the disk`);
  }
  await allPacked;
}

async function playThrough(): Promise<void> {
  const folder = await Deno.makeTempDir();
  const start = (...args: readonly string[]): Deno.ChildProcess =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", fileURLToPath(import.meta.url), `${folder}/orders.db`, ...args],
      stdout: "piped",
    }).spawn();

  const first = start("--take");
  for await (const text of first.stdout.pipeThrough(new TextDecoderStream())) {
    console.log(text.trimEnd());
    // In the middle of the third one.
    if (text.includes("order 2")) setTimeout(() => first.kill("SIGKILL"), PACKING_MS / 2);
  }
  console.log("killed, and started again");
  console.log(new TextDecoder().decode((await start().output()).stdout).trimEnd());
  await Deno.remove(folder, { recursive: true });
}

const { positionals: [file], values } = parseArgs({
  args: Deno.args,
  options: { "take": { type: "boolean" }, "name-server": { type: "string" }, "endpoint": { type: "string" } },
  allowPositionals: true,
});
if (values.endpoint !== undefined) {
  throw new TypeError("It has a broker of its own, in a file: there is no proxy in it");
}
await (file === undefined ? playThrough() : work(file, values.take === true));

// Prints:
// 5 orders are on the disk
// packed order 1, attempt 1
// packed order 2, attempt 1
// killed, and started again
// packed order 3, attempt 2
// packed order 4, attempt 1
// packed order 5, attempt 1
