import assert from "node:assert/strict";
import {
  actor,
  createClient,
  createSystem,
  defineEntity,
  defineService,
  method,
  RpcError,
  type,
} from "rocket-actors";
import { createDeferred } from "../../src/async/deferred.ts";
import { freshName } from "../broker/shared.ts";
import type { CallTest } from "./call_suite.ts";
import { allOf, counted } from "./stream_stage.ts";

/** Streams in interceptors, in other streams and in actors. */
export function surroundingsTests(test: CallTest): void {
  test("that is a stream is seen by interceptors of both ends, and by invoke", async (fixture) => {
    const contract = defineService(freshName("Stream"), { read: method.stream<number, number>() });
    const seen: string[] = [];
    await using server = await createSystem({ name: "server", transport: fixture.transport() });
    await server.serve(contract, { read: (to) => counted(to) }, {
      interceptors: [async ({ method: name, input, context }, next) => {
        if (context.headers.get("token") !== "yes") throw new RpcError("unauthenticated", "Who are you?");
        seen.push(`handler ${name}`);
        return await next({ contract: contract.name, method: name, input: Number(input) + 1, context });
      }],
    });
    await using caller = await createClient({
      transport: fixture.transport(),
      interceptors: [async (call, next) => {
        seen.push(`call ${call.kind}`);
        try {
          return await next(call);
        } catch (error) {
          assert.equal(RpcError.from(error).code, "unauthenticated");
          return await next({ ...call, options: { ...call.options, headers: { token: "yes" } } });
        }
      }],
    });
    assert.deepEqual(await allOf(caller.client(contract, { timeoutMs: 10_000 }).read(2)), [1, 2, 3]);
    const invoked = await caller.invoke({ contract, method: "read" }, 1, { timeoutMs: 10_000 });
    assert.ok(typeof invoked === "object" && invoked !== null && Symbol.asyncIterator in invoked);
    assert.deepEqual(await allOf(invoked as AsyncIterable<unknown>), [1, 2]);
    assert.deepEqual(seen, ["call stream", "handler read", "call stream", "handler read"]);
  });

  test("that is a stream and nested in another inherits its deadline, its path and its end", async (fixture) => {
    const inner = defineService(freshName("Inner"), { read: method.stream<void, unknown>() });
    const outer = defineService(freshName("Outer"), { read: method.stream<void, unknown>() });
    const stopped = createDeferred<void>();
    await using server = await createSystem({ name: "server", transport: fixture.transport() });
    await server.serve(inner, {
      async *read(_, ctx) {
        try {
          yield ctx.remainingMs() <= 7_000;
          while (true) yield await Promise.resolve("more");
        } finally {
          stopped.resolve();
        }
      },
    });
    await server.serve(outer, {
      async *read(_, ctx) {
        yield* ctx.client(inner).read();
      },
    });
    await using caller = await createClient({ transport: fixture.transport() });
    for await (const item of caller.client(outer).read(undefined, { timeoutMs: 7_000 })) {
      if (item === "more") break;
      assert.equal(item, true);
    }
    await stopped.promise;
  });

  test("that is a stream runs in actors too, one at a time, and holds its key", async (fixture) => {
    const transport = fixture.transport();
    const contract = defineService(freshName("Stream"), {
      state: method.stream<void, number>(),
      keyed: method.stream({ input: type<string>(), item: type<string>(), key: (input: string) => input }),
    });
    await using server = await createSystem({ name: "server", transport });
    const gate = createDeferred<void>();
    let runs = 0;
    await server.serve(contract, {
      state: actor(() => {
        let calls = 0;
        return function* () {
          calls++;
          for (let n = 0; n < 3; n++) yield calls;
        };
      }),
      async *keyed(key) {
        const run = ++runs;
        yield `${key} ${run}`;
        if (run === 1) await gate.promise;
        yield `${key} ${run} ends`;
      },
    });
    await using caller = await createClient({ transport: fixture.transport() });
    const client = caller.client(contract, { timeoutMs: 20_000 });
    const both = await Promise.all([allOf(client.state()), allOf(client.state())]);
    assert.deepEqual(both.sort(), [[1, 1, 1], [2, 2, 2]]);
    const first = client.keyed("k");
    await first.next();
    const second = allOf(client.keyed("k"));
    assert.deepEqual(await allOf(client.state()), [3, 3, 3]);
    assert.equal(runs, 1);
    gate.resolve();
    assert.deepEqual(await allOf(first), ["k 1 ends"]);
    assert.deepEqual(await second, ["k 2", "k 2 ends"]);
    if (!transport.capabilities.ownedPartitions) return;
    const entity = defineEntity(freshName("Ledger"), { lines: method.stream<void, string>() });
    await server.serve(entity, (key) => {
      let calls = 0;
      return { lines: () => [`${key} ${++calls}`] };
    });
    const ledger = caller.client(entity, { timeoutMs: 10_000 }).at("acc-1");
    assert.deepEqual([await allOf(ledger.lines()), await allOf(ledger.lines())], [["acc-1 1"], ["acc-1 2"]]);
  });
}
