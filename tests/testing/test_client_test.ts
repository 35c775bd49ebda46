import assert from "node:assert/strict";
import { z } from "zod";
import { actor } from "../../actors/actor.ts";
import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { type } from "../../src/contract/schema.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { testClient } from "../../testing/test_client.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { assertFails } from "../helpers/settled.ts";

const Bank = defineService("test.Bank", {
  fee: method({ input: z.object({ cents: z.int().positive() }), output: z.object({ fee: z.int() }) }),
  pay: method<{ at: Date; cents: bigint }, { at: Date }, { Short: { missing: bigint } }>({
    errors: { Short: type() },
  }),
  again: method<void, number>({ idempotent: true }),
  other: method<void, number>(),
  later: method<void, number>({ idempotent: true }),
  wait: method<number, void>(),
  count: method<void, number>(),
  note: method.oneway<string>(),
});

/** Handlers of which a test replaces some. */
function bank(some: Partial<Record<keyof typeof Bank.methods, unknown>> = {}) {
  const missing = () => {
    throw new Error("The test has no use for it");
  };
  const handlers = Object.fromEntries(Object.keys(Bank.methods).map((name) => [name, missing]));
  // What a test calls fits its method; the rest is never called.
  return { ...handlers, ...some } as unknown as Parameters<typeof testClient<typeof Bank>>[1];
}

Deno.test("testClient checks inputs and outputs by their schemas, on the side where a system does", async () => {
  let outcome: unknown = { fee: 2, secret: true };
  await using client = testClient(Bank, bank({ fee: () => outcome }));
  assert.deepEqual(await client.fee({ cents: 5 }), { fee: 2 });
  await assertFails(client.fee({ cents: -5 }), "invalid_argument", "not_sent");
  outcome = { fee: "many" };
  await assertFails(client.fee({ cents: 5 }), "internal", "executed_reply_lost");
});

Deno.test("testClient carries values and declared errors through the codec", async () => {
  await using client = testClient(
    Bank,
    bank({
      pay: ({ at, cents }: { at: Date; cents: bigint }, ctx: { error(...given: unknown[]): Error }) => {
        if (cents > 9n) throw ctx.error("Short", { missing: cents - 9n });
        return { at };
      },
    }),
  );
  const at = new Date(5);
  const paid = await client.pay({ at, cents: 1n });
  assert.deepEqual(paid, { at });
  assert.notEqual(paid.at, at);
  const failed = await client.pay({ at, cents: 11n }).catch((error) => RpcError.from(error));
  assert.ok(failed instanceof RpcError && failed.is(Bank, "Short"));
  assert.deepEqual([failed.outcome, failed.details], ["replied", { missing: 2n }]);
});

Deno.test("testClient runs again what may run again, at once or later, and nothing else", async () => {
  const clock = new VirtualClock();
  const runs = { again: 0, other: 0, later: 0 };
  const client = testClient(
    Bank,
    bank({
      again: () => {
        if (++runs.again < 3) throw new Error("crash");
        return runs.again;
      },
      other: () => {
        runs.other++;
        throw new Error("crash");
      },
      later: (_: void, ctx: { retryAfter(ms: number): Error }) => {
        if (++runs.later < 2) throw ctx.retryAfter(1_000);
        return runs.later;
      },
    }),
    { clock },
  );
  assert.equal(await clock.run(client.again()), 3);
  await assertFails(clock.run(client.other()), "internal", "replied");
  const before = clock.monotonic();
  assert.equal(await clock.run(client.later()), 2);
  assert.ok(clock.monotonic() - before >= 1_000);
  assert.equal(runs.other, 1);
  await clock.run(client[Symbol.asyncDispose]());
  assert.equal(clock.timers, 0);
});

Deno.test("testClient keeps deadlines and cancels, and tells the handler", async () => {
  const clock = new VirtualClock();
  const reasons: unknown[] = [];
  const client = testClient(
    Bank,
    bank({
      wait: (ms: number, { signal }: { signal: AbortSignal }) => {
        signal.addEventListener("abort", () => reasons.push(RpcError.from(signal.reason).code));
        return clock.sleep(ms);
      },
    }),
    { clock },
  );
  await assertFails(clock.run(client.wait(9_000, { timeoutMs: 100 })), "deadline_exceeded", "sent_unknown");
  const controller = new AbortController();
  clock.after(50, () => controller.abort());
  await assertFails(clock.run(client.wait(500, { signal: controller.signal })), "cancelled", "sent_unknown");
  await assertFails(client.wait(1, { signal: AbortSignal.abort() }), "cancelled", "not_sent");
  assert.deepEqual(reasons, ["deadline_exceeded", "cancelled"]);
  await clock.run(client[Symbol.asyncDispose]());
  await assertFails(client.wait(1), "unavailable", "not_sent");
});

Deno.test("testClient leads actors through their lives", async () => {
  const clock = new VirtualClock();
  let made = 0;
  const client = testClient(
    Bank,
    bank({
      count: actor(() => {
        made++;
        let calls = 0;
        return () => {
          if (++calls === 3) throw new Error("crash");
          return calls;
        };
      }),
    }),
    { clock },
  );
  const counted = [await clock.run(client.count()), await clock.run(client.count())];
  await assertFails(clock.run(client.count()), "internal", "replied");
  counted.push(await clock.run(client.count()));
  assert.deepEqual([counted, made], [[1, 2, 1], 2]);
  await clock.run(client[Symbol.asyncDispose]());
});

Deno.test("testClient resolves one-way calls when their handlers have ended, and says why they failed", async () => {
  const told: string[] = [];
  await using client = testClient(
    Bank,
    bank({
      note: (text: string) => {
        if (text === "") throw new Error("crash");
        told.push(text);
      },
    }),
  );
  assert.equal((await client.note("hello")).broker, "test");
  assert.deepEqual(told, ["hello"]);
  const failed = await client.note("").catch((error) => RpcError.from(error).code);
  assert.equal(failed, "internal");
});

Deno.test("testClient calls entities by key, and nested contracts where they are given", async () => {
  const Account = defineEntity("test.Account", { deposit: method<number, number>() });
  const Desk = defineService("test.Desk", { book: method<number, number>(), stray: method<void, void>() });
  await using accounts = testClient(Account, () => {
    let balance = 0;
    return { deposit: (cents) => balance += cents };
  });
  await using desk = testClient(Desk, {
    book: (cents, ctx) => ctx.client(Account).at("a").deposit(cents),
    stray: async (_, ctx) => void await ctx.client(Bank).again(),
  }, { nested: [accounts] });
  assert.equal(await accounts.at("a").deposit(5), 5);
  assert.equal(await accounts.at("b").deposit(7), 7);
  assert.equal(await desk.book(1), 6);
  const stray = await desk.stray().catch((error) => RpcError.from(error));
  assert.match(String(stray), /Nobody serves "test.Bank" here/);
});

Deno.test("testClient refuses handlers that do not fit", () => {
  const Quotes = defineService("test.Quotes", { fee: method<number, number>() });
  // @ts-expect-error a handler is missing
  assert.throws(() => testClient(Quotes, {}), TypeError);
});
