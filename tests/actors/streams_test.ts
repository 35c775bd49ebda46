import assert from "node:assert/strict";
import {
  createClient,
  createSystem,
  defineService,
  embedded,
  embeddedBroker,
  formatTree,
  method,
  RpcError,
  type System,
} from "rocket-actors";
import { createDeferred } from "../../src/async/deferred.ts";
import { assertFails, turns, until } from "../helpers/settled.ts";

const Feed = defineService("test.Feed", {
  read: method.stream<number, number>(),
  wait: method.stream<void, number>(),
});

function intakeOf(system: System) {
  return system.tree().children.find(({ kind }) => kind === "service")?.children[0];
}

Deno.test("a stream of 10,000 items through a reader that pauses has no gap, and neither end holds more than its credit", async () => {
  const broker = embeddedBroker();
  await using system = await createSystem({ name: "bank", transport: embedded(broker) });
  let made = 0;
  await system.serve(Feed, {
    async *read(to) {
      while (made < to) yield await Promise.resolve(++made);
    },
    wait: () => [],
  });
  await using caller = await createClient({ transport: embedded(broker) });
  let read = 0;
  let ahead = 0;
  for await (const n of caller.client(Feed, { timeoutMs: 60_000 }).read(10_000)) {
    assert.equal(n, ++read);
    if (n % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    ahead = Math.max(ahead, made - n);
  }
  assert.equal(read, 10_000);
  // What is read between two credits, and one that was made when there was room.
  assert.ok(ahead > 30 && ahead <= 65, `the handler was ${ahead} items ahead`);
  await until(() => intakeOf(system)?.details?.streamsRunning === 0);
  assert.deepEqual([intakeOf(system)?.details?.items, intakeOf(system)?.details?.streams], [10_000, 1]);
  broker.close();
});

Deno.test("a stream that runs stands in the tree, counts as a running handler, and as one call under way", async () => {
  const broker = embeddedBroker();
  await using system = await createSystem({ name: "bank", transport: embedded(broker) });
  await system.serve(Feed, {
    read: () => [],
    async *wait(_, { signal }) {
      yield 1;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  }, { concurrency: 2 });
  await using caller = await createClient({ transport: embedded(broker) });
  const streams = [1, 2, 3].map(() => caller.client(Feed).wait());
  const steps = streams.map((stream) => stream.next());
  await Promise.race(steps);
  await turns(5);
  assert.equal(caller.pending, 3);
  assert.match(formatTree(system.tree()), /streamsRunning=2/);
  assert.ok(formatTree(system.tree()).includes("wait  method  running  depth=1  running=2"));
  // The third one starts when another ends.
  await streams[0]?.return();
  await Promise.all(steps.slice(1));
  for (const stream of streams) await stream.return();
  await until(() => intakeOf(system)?.details?.streamsRunning === 0);
  assert.equal(caller.pending, 0);
  broker.close();
});

Deno.test("a stream whose system closes ends with unavailable, and one whose handler ends in time does so well", async () => {
  const broker = embeddedBroker();
  const system = await createSystem({ name: "bank", transport: embedded(broker) });
  const gate = createDeferred<void>();
  const told = createDeferred<unknown>();
  await system.serve(Feed, {
    async *read() {
      yield 1;
      await gate.promise;
      yield 2;
    },
    async *wait(_, { signal }) {
      yield 1;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      told.resolve(signal.reason);
      signal.throwIfAborted();
    },
  });
  await using caller = await createClient({ transport: embedded(broker) });
  const client = caller.client(Feed, { timeoutMs: 60_000 });
  const [ends, stays] = [client.read(0), client.wait()];
  await Promise.all([ends.next(), stays.next()]);
  const closing = system.close();
  gate.resolve();
  assert.equal((await ends.next()).value, 2);
  assert.equal((await ends.next()).done, true);
  await assertFails(stays.next(), "unavailable", "sent_unknown");
  assert.equal(RpcError.from(await told.promise).code, "unavailable");
  await closing;
  broker.close();
});
