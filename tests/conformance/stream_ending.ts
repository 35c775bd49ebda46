import assert from "node:assert/strict";
import { defineService, method, RpcError } from "rocket-actors";
import { createDeferred } from "../../src/async/deferred.ts";
import { assertFails, until } from "../helpers/settled.ts";
import type { CallTest } from "./call_suite.ts";
import { brokenOff, Streaming } from "./stream_stage.ts";

/** How a stream ends: as its handler says, at its deadline, or because it is none. */
export function endingTests(test: CallTest): void {
  test("that is a stream fails behind its items: as declared, by code, or because it crashed", async (fixture) => {
    await using at = await Streaming.start(fixture, async function* (kind) {
      yield* ["a", "b"];
      if (kind === "refuse") throw await Promise.resolve(new RpcError("not_found", "Kein Konto „ä“"));
      throw new Error("a secret");
    });
    const [refusedItems, refused] = await brokenOff(at.client.read("refuse"));
    const [crashedItems, crashed] = await brokenOff(at.client.read("crash"));
    const [, short] = await brokenOff(at.client.short());
    assert.deepEqual([refusedItems, crashedItems], [["a", "b"], ["a", "b"]]);
    assert.deepEqual([refused.code, refused.outcome, refused.message], [
      "not_found",
      "replied",
      "Kein Konto „ä“",
    ]);
    assert.deepEqual([crashed.code, crashed.outcome], ["internal", "replied"]);
    assert.ok(!crashed.message.includes("secret") && short.is(at.contract, "Short"));
    assert.deepEqual(short.details, { missing: 5 });
    assert.equal(at.server.services()[0]?.deadLetters, 0);
  });

  test("that is a stream and fails before its first item fails like any call", async (fixture) => {
    await using at = await Streaming.start(fixture, function* (kind) {
      yield* [];
      if (kind === "refuse") throw new RpcError("not_found", "none");
      throw new Error("a secret");
    });
    await assertFails(at.client.read("refuse").next(), "not_found", "replied");
    await assertFails(at.client.read("crash").next(), "internal", "replied");
    await until(() => at.server.services()[0]?.deadLetters === 1);
  });

  test("that is a stream ends at its deadline, and its handler is told", async (fixture) => {
    const told = createDeferred<unknown>();
    await using at = await Streaming.start(fixture, async function* (_, { signal }) {
      yield 1;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
        .catch((reason) => {
          told.resolve(reason);
          throw reason;
        });
    });
    await at.client.echo(0);
    const [items, failure] = await brokenOff(at.client.read(0, { timeoutMs: 4_000 }));
    assert.deepEqual([items, failure.code], [[1], "deadline_exceeded"]);
    assert.equal(RpcError.from(await told.promise).code, "deadline_exceeded");
  });

  test("that is a stream is refused where the method is none, and a call where it is one", async (fixture) => {
    await using at = await Streaming.start(fixture, () => []);
    const { name } = at.contract;
    const wrong = at.caller.client(defineService(name, {
      read: method<void, unknown>(),
      echo: method.stream<unknown, unknown>(),
    }));
    await assertFails(wrong.read(), "unimplemented", "rejected");
    await assertFails(wrong.echo(1).next(), "unimplemented", "rejected");
    const untyped = at.caller.invoke({ contract: name, method: "read" }, 1);
    assert.match((await assertFails(untyped, "unimplemented", "rejected")).message, /stream/);
  });
}
