/** Calls with keys, end to end on an embedded broker in both of its modes. */
import assert from "node:assert/strict";
import { createClient } from "../../actors/client.ts";
import { createSystem } from "../../actors/system.ts";
import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import { turns } from "../helpers/settled.ts";

interface Step {
  readonly key: string;
  readonly index: number;
}

const Ledger = defineService("test.Ledger", { book: method<Step, number>({ key: ({ key }) => key }) });
const Account = defineEntity("test.Account", { book: method<number, void>(), fast: method<number, void>() });

/** What ran of each key, in order. */
class Runs {
  readonly #byKey = new Map<string, number[]>();

  note(key: string, index: number): void {
    const runs = this.#byKey.get(key);
    if (runs === undefined) this.#byKey.set(key, [index]);
    else runs.push(index);
  }

  inOrder(keys: number, each: number): void {
    assert.equal(this.#byKey.size, keys);
    for (const runs of this.#byKey.values()) {
      assert.deepEqual(runs, Array.from({ length: each }, (_, index) => index));
    }
  }
}

for (const ownership of ["offset", "perMessage"] as const) {
  Deno.test(`Caller: a client's calls of one key run in the order in which they were made (${ownership})`, async () => {
    const broker = embeddedBroker({ ownership });
    const runs = new Runs();
    const systems = await Promise.all(
      ["a", "b"].map((name) => createSystem({ name, transport: embedded(broker) })),
    );
    for (const system of systems) {
      await system.serve(Ledger, {
        book: async ({ key, index }, ctx) => {
          runs.note(key, index);
          await turns(index % 3);
          return ctx.attempt;
        },
      });
    }
    const client = await createClient({ transport: embedded(broker) });
    const { book } = client.client(Ledger);
    const calls: Promise<number>[] = [];
    for (let index = 0; index < 30; index++) {
      for (const key of ["a", "b", "c", "d", "e"]) calls.push(book({ key, index }));
      if (index % 4 === 0) await turns(1);
    }
    assert.deepEqual(new Set(await Promise.all(calls)), new Set([1]));
    runs.inOrder(5, 30);
    for (const one of [client, ...systems]) await one.close();
    broker.close();
  });
}

Deno.test("Caller: a client's calls of one entity run in the order in which they were made, whatever their methods", async () => {
  const broker = embeddedBroker();
  const runs = new Runs();
  const systems = await Promise.all(
    ["a", "b"].map((name) => createSystem({ name, transport: embedded(broker) })),
  );
  for (const system of systems) {
    await system.serve(Account, (key) => ({
      book: async (index) => {
        runs.note(key, index);
        await turns(index % 3);
      },
      fast: (index) => runs.note(key, index),
    }));
  }
  const client = await createClient({ transport: embedded(broker) });
  const calls: Promise<void>[] = [];
  for (let index = 0; index < 30; index++) {
    for (const key of ["a", "b", "c", "d", "e"]) {
      calls.push(client.client(Account).at(key)[index % 2 === 0 ? "book" : "fast"](index));
    }
    if (index % 4 === 0) await turns(1);
  }
  await Promise.all(calls);
  runs.inOrder(5, 30);
  for (const one of [client, ...systems]) await one.close();
  broker.close();
});
