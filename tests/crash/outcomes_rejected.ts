import assert from "node:assert/strict";
import { actor } from "../../actors/actor.ts";
import type { System } from "../../actors/system.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { MemoryStore } from "../../src/store/memory_store.ts";
import type { OutcomeStore } from "../../src/store/outcome_store.ts";
import { endless } from "../helpers/schemas.ts";
import { turns } from "../helpers/settled.ts";
import { Count, type Produce, Service } from "./outcome_stage.ts";
import type { OutcomeName } from "./outcomes.ts";

/** A store that cannot be asked. */
const brokenStore: OutcomeStore = {
  find: () => Promise.reject(new Error("disk full")),
  begin: () => Promise.reject(new Error("disk full")),
  renew: () => Promise.reject(new Error("disk full")),
  finish: () => Promise.reject(new Error("disk full")),
  release: () => Promise.reject(new Error("disk full")),
};

/** How calls fail that were stored and did not run. */
export const EXPIRED_OR_REJECTED = {
  expired: async (at) => {
    const other = await at.system();
    const Busy = defineService("test.Busy", { run: method<unknown, unknown>() });
    let free: () => void = () => {};
    await other.serve(Busy, { run: () => new Promise<void>((resolve) => free = resolve) }, {
      concurrency: 1,
    });
    const busy = other.client(Busy);
    busy.run(1, { timeoutMs: 60_000 }).catch(() => {});
    await turns(10);
    // It waits behind the first one, in the mailbox, until its time is up.
    const waiting = busy.run(2, { timeoutMs: 1_000 });
    await turns(10);
    at.clock.advance(1_050);
    free();
    const Hasty = defineService("test.Hasty", {
      run: method<unknown, unknown>({ minRemainingMs: 3_000, timeoutMs: 5_000 }),
    });
    await other.serve(Hasty, { run: () => assert.fail("ran") });
    const late = await at.failure(waiting);
    return [late, await at.failure(other.client(Hasty).run(1, { timeoutMs: 2_000 }))];
  },
  badBody: async (at) => {
    const Checked = defineService("test.Outcomes", {
      run: method<unknown, unknown>({ input: Count }),
      again: method<unknown, unknown>({ key: () => "theirs" }),
    });
    const system = await at.system();
    await system.serve(Checked, { run: (input) => input, again: (input) => input });
    const Keyed = defineService("test.Outcomes", {
      run: method<unknown, unknown>(),
      again: method<unknown, unknown>({ key: () => "ours" }),
    });
    const client = (await at.client()).client(Keyed);
    return [await at.failure(client.run("x")), await at.failure(client.again(1))];
  },
  unknownMethod: async (at) => {
    await at.serve();
    const More = defineService("test.Outcomes", { ...Service.methods, more: method<unknown, unknown>() });
    const Read = defineService("test.Outcomes", { run: method.stream<unknown, unknown>() });
    const client = await at.client();
    return [
      await at.failure(client.client(More).more(1)),
      await at.failure(client.client(Read).run(1).next()),
    ];
  },
  sameKey: async (at) => {
    await at.serve((input) => input, new MemoryStore({ clock: at.clock }));
    const { run } = (await at.client()).client(Service);
    await run(1, { idempotencyKey: "k" });
    const conflict = await at.failure(run(2, { idempotencyKey: "k" }));
    const Self = defineService("test.Self", { ask: method<void, unknown>() });
    const system = await at.system();
    let inner: unknown;
    await system.serve(Self, {
      ask: actor(() => async (_: void, context: { client: System["client"] }) => {
        inner = await context.client(Self).ask().catch((error) => error);
      }),
    });
    await Promise.all([system.client(Self).ask(), turns(30)]);
    assert.ok(inner instanceof RpcError);
    return [conflict, inner];
  },
  suspended: async (at) => {
    const Broken = defineService("test.Broken", { run: method<unknown, unknown>() });
    const system = await at.system();
    let starts = 0;
    const run = actor(() => {
      if (starts++ > 0) throw new Error("no ledger");
      return () => {
        throw new Error("ledger lost");
      };
    });
    await system.serve(Broken, { run }, { supervision: { intensity: 0 } });
    await at.failure(system.client(Broken).run(1));
    const suspended = await at.failure(system.client(Broken).run(1, { timeoutMs: 2_000 }));
    await at.serve((input) => input, brokenStore);
    return [suspended, await at.failure((await at.client()).client(Service).run(1))];
  },
  slowSchema: async (at) => {
    const Slow = defineService("test.Slow", { run: method({ input: endless }) });
    const system = await at.system();
    await system.serve(Slow, { run: () => assert.fail("ran") });
    const Unchecked = defineService("test.Slow", { run: method<unknown, unknown>() });
    return at.failure((await at.client()).client(Unchecked, { timeoutMs: 20_000 }).run(1));
  },
} satisfies Readonly<Partial<Record<OutcomeName, Produce>>>;
