/**
 * Supervision: an actor that keeps crashing is restarted with growing pauses; past its limit it is suspended and
 * answers `unavailable` at once, the tree says why, and nothing else stops.
 *
 *     deno run -A examples/14_supervision.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { actor, createSystem, defineService, method, RpcError, type TreeNode } from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Feed = defineService("demo.Feed", { read: method<void, number>(), ping: method<void, string>() });

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "demo", transport });
await system.serve(Feed, {
  read: actor(() => () => {
    throw new Error("the feed is broken");
  }),
  ping: () => "pong",
}, { supervision: { intensity: 2, periodMs: 60_000 } });

const feed = system.client(Feed, { timeoutMs: 10_000 });
for (let call = 1; call <= 4; call++) {
  // Suspended: the caller would try again until its deadline, so this one gives it little.
  const failure = await feed.read(undefined, { timeoutMs: 2_000 }).then(() => undefined, RpcError.from);
  console.log(`read: ${failure?.code}, ${failure?.outcome}`);
}
console.log(`ping: ${await feed.ping()}`);

function find(node: TreeNode, id: string): TreeNode | undefined {
  return node.id === id
    ? node
    : node.children.map((child) => find(child, id)).find((found) => found !== undefined);
}
const read = find(system.tree(), "read");
console.log(`the tree: ${read?.state}, ${read?.lastFailure?.message}`);

// Prints:
// read: internal, replied
// read: internal, replied
// read: internal, replied
// read: unavailable, rejected
// ping: pong
// the tree: suspended, the feed is broken
