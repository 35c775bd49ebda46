/** What is promised of calls with keys, checked on random histories of a whole caller. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import { defineEntity } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { Schema } from "../../../src/contract/schema.ts";
import type { QueueRef } from "../../../src/transport/transport.ts";
import { CallerFixture, requestsIn, sendFailure } from "../../helpers/caller_fixture.ts";
import { turns } from "../../helpers/settled.ts";

type Ending = "stored" | "not_sent" | "lost" | "lost but stored";

type Step =
  | { readonly do: "call"; readonly key: string; readonly method: string; readonly timeoutMs: number }
  | { readonly do: "settle send"; readonly which: number; readonly as: Ending }
  | {
    readonly do: "answer";
    readonly which: number;
    readonly as: "ok" | "unavailable" | "failed_precondition";
  }
  | { readonly do: "check"; readonly which: number; readonly good: boolean }
  | { readonly do: "abort"; readonly which: number }
  | { readonly do: "look"; readonly served: boolean }
  | { readonly do: "plan"; readonly queues: number }
  | { readonly do: "wait"; readonly ms: number };

const which = fc.nat(1_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("call" as const),
      key: fc.constantFrom("a", "b", "c"),
      method: fc.constantFrom("again", "once", "checked", "patient"),
      timeoutMs: fc.constantFrom(40, 400, 4_000),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("settle send" as const),
      which,
      as: fc.constantFrom<Ending>("stored", "stored", "not_sent", "lost", "lost but stored"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      which,
      as: fc.constantFrom("ok" as const, "unavailable" as const, "failed_precondition" as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("check" as const), which, good: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("abort" as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("look" as const), served: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("plan" as const), queues: fc.constantFrom(0, 1, 2, 5) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(5, 60, 500, 2_000) }),
  },
);

interface Made {
  readonly key: string;
  readonly index: number;
  readonly controller: AbortController;
  /** Whether its callee has refused it since it was stored last. */
  refused: boolean;
  /** Whether it is in a queue. */
  stored: boolean;
  /** Whether it belongs to a queue by now, whatever the plan says. */
  bound: boolean;
}

interface Outstanding {
  readonly ids: readonly string[];
  readonly queue: QueueRef;
  readonly answer: Deferred<void>;
}

/** A caller, its broker and its callee, driven step by step; every send is checked. */
class History {
  readonly at = new CallerFixture();
  readonly checks: Deferred<boolean>[] = [];
  readonly calls = new Map<string, Made>();
  readonly results: Promise<unknown>[] = [];
  readonly outstanding: Outstanding[] = [];
  /** Requests that wait for their callee. */
  readonly open: string[] = [];
  plans = 0;
  readonly #made: Made[] = [];
  readonly #contract = defineEntity("test.Account", {
    again: method<unknown, unknown>({ idempotent: true }),
    once: method<unknown, unknown>(),
    checked: method<unknown, unknown>({ input: this.#slowSchema() }),
    patient: method<unknown, unknown>({ whenAbsent: "wait" }),
  });

  constructor() {
    this.at.transport.onSend = (message, queue) => {
      const ids = requestsIn(message).map(({ id, key, body }) => {
        const made = this.#made[Number(new TextDecoder().decode(body))] ?? assert.fail("unknown request");
        assert.equal(key, made.key);
        this.calls.set(id, made);
        return id;
      });
      if (ids.length === 0) return Promise.resolve();
      const rival = this.outstanding.find((other) => other.queue.id === queue.id);
      assert.equal(rival, undefined, `two sends to queue ${queue.id} are outstanding`);
      const answer = createDeferred<void>();
      this.outstanding.push({ ids, queue, answer });
      return answer.promise;
    };
  }

  #slowSchema(): Schema<unknown, unknown> {
    const validate = async (value: unknown) => {
      const check = createDeferred<boolean>();
      this.checks.push(check);
      return await check.promise ? { value } : { issues: [{ message: "No" }] };
    };
    return { "~standard": { version: 1, vendor: "test", validate } };
  }

  take(step: Step): void {
    switch (step.do) {
      case "call":
        return this.#call(step.key, step.method, step.timeoutMs);
      case "settle send":
        return this.#settle(pick(this.outstanding, step.which), step.as);
      case "answer":
        return this.#answer(pick(this.open, step.which), step.as);
      case "check":
        return pick(this.checks, step.which)?.resolve(step.good);
      case "abort":
        return this.#made.at(step.which % (this.#made.length + 1))?.controller.abort();
      case "look":
        this.at.transport.onMembers = () =>
          Promise.resolve(step.served ? [{ clientId: "rka1-1", ours: true }] : []);
        return;
      case "plan":
        return this.#plan(step.queues);
      case "wait":
        return this.at.clock.advance(step.ms);
    }
  }

  /** Lets everything end that can. */
  async end(): Promise<void> {
    this.#plan(4);
    for (const check of this.checks.splice(0)) check.resolve(true);
    for (let round = 0; round < 40; round++) {
      for (const send of [...this.outstanding]) this.#settle(send, "stored");
      for (const id of [...this.open]) this.#answer(id, "ok");
      await turns(2);
      this.at.clock.advance(500);
    }
    await Promise.all(this.results);
    this.at.caller.close("over");
    assert.deepEqual([this.outstanding, this.at.clean], [[], [0, 0, 0]]);
  }

  #call(key: string, name: string, timeoutMs: number): void {
    const index = this.#made.length;
    const controller = new AbortController();
    this.#made.push({ key, index, controller, refused: false, stored: false, bound: false });
    const options = { key, timeoutMs, signal: controller.signal };
    this.results.push(this.at.call(this.#contract, name, index, options).catch(() => {}));
  }

  #settle(send: Outstanding | undefined, as: Ending): void {
    if (send === undefined) return;
    this.outstanding.splice(this.outstanding.indexOf(send), 1);
    if (as === "stored" || as === "lost but stored") { for (const id of send.ids) this.#store(id); }
    if (as === "stored") return send.answer.resolve();
    if (as !== "not_sent") { for (const id of send.ids) this.#of(id).bound = true; }
    send.answer.reject(sendFailure(as === "not_sent" ? "not_sent" : "sent_unknown"));
  }

  /** The promise: nothing is stored after what was made later under its key, unless that was refused. */
  #store(id: string): void {
    const made = this.#of(id);
    const again = made.stored;
    made.refused = false;
    made.stored = true;
    this.open.push(id);
    // A copy of what is there already changes no order; and what belongs to a queue may see the plan change.
    if (again || (made.bound && this.plans > 0)) return;
    for (const other of this.#made) {
      const overtaken = other.key === made.key && other.index > made.index && other.stored && !other.refused;
      assert.ok(!overtaken, `${made.key}: call ${made.index} is stored after call ${other.index}`);
    }
  }

  #answer(id: string | undefined, as: "ok" | "unavailable" | "failed_precondition"): void {
    if (id === undefined) return;
    this.open.splice(this.open.indexOf(id), 1);
    const at = this.at.sent.findIndex(({ request }) => request.id === id);
    if (as === "ok") return this.at.answer(at);
    const made = this.#of(id);
    // Another copy of it may be there or on its way, and cannot be called back.
    const copies = [...this.open, ...this.outstanding.flatMap(({ ids }) => ids)];
    if (!copies.includes(id)) Object.assign(made, { refused: true, stored: false });
    this.at.refuse(at, as);
  }

  #plan(queues: number): void {
    this.plans++;
    const topic = "test-Account";
    this.at.transport.onQueues = () =>
      queues === 0
        ? Promise.reject(sendFailure("not_sent"))
        : Promise.resolve(Array.from({ length: queues }, (_, id) => ({ topic, broker: "a", id })));
  }

  #of(id: string): Made {
    return this.calls.get(id) ?? assert.fail("unknown call");
  }
}

const call: Step = { do: "call", key: "a", method: "again", timeoutMs: 400 };

/** The first call fills the queue, so that the next two go together; nobody hears that they were stored. */
const TWO_LOST: readonly Step[] = [
  call,
  call,
  call,
  { do: "settle send", which: 0, as: "stored" },
  { do: "settle send", which: 0, as: "lost but stored" },
  { do: "answer", which: 0, as: "ok" },
];

/** Histories that were broken once. */
const EXAMPLES: [Step[]][] = [
  // The earlier of the two is refused while it waits to be sent again; the later one has run.
  [[
    ...TWO_LOST,
    { do: "answer", which: 0, as: "unavailable" },
    { do: "answer", which: 0, as: "ok" },
    { do: "wait", ms: 60 },
    { do: "settle send", which: 0, as: "stored" },
  ]],
  // The later one has run; the earlier one has gone again since, and both copies of it are refused.
  [[
    ...TWO_LOST,
    { do: "answer", which: 1, as: "ok" },
    { do: "wait", ms: 60 },
    { do: "settle send", which: 0, as: "stored" },
    { do: "answer", which: 0, as: "unavailable" },
    { do: "answer", which: 0, as: "unavailable" },
    { do: "wait", ms: 60 },
    { do: "settle send", which: 0, as: "stored" },
  ]],
];

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from.length === 0 ? undefined : from[which % from.length];
}

Deno.test("Caller keeps the calls of a key in order, with one send per queue, whatever fails", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120, size: "max" }), async (steps) => {
      const history = new History();
      for (const each of steps) {
        history.take(each);
        await turns(1);
      }
      await history.end();
    }),
    { numRuns: 500, examples: EXAMPLES },
  );
});
