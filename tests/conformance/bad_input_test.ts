import assert from "node:assert/strict";
import { createSystem, type System } from "../../actors/system.ts";
import { type Clock, systemClock } from "../../src/async/clock.ts";
import type { TreeNode } from "../../src/call/tree.ts";
import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import type { Schema } from "../../src/contract/schema.ts";
import type { Code } from "../../src/errors/code.ts";
import type { Outcome } from "../../src/errors/outcome.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { embedded } from "../../src/transport/embedded/mod.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { assertFails, turns, until } from "../helpers/settled.ts";

const text: Schema<string, string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => typeof value === "string" ? { value } : { issues: [{ message: "must be a text" }] },
  },
};
const HUGE = "x".repeat(3 * 1024 * 1024 + 1);
const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;
const MANY_HEADERS = Object.fromEntries(
  Array.from({ length: 200 }, (_, index) => [`h${index}`, "v".repeat(100)]),
);

const Service = defineService("test.Bad", {
  checked: method<string, string>({ input: text, output: text }),
  garbage: method<string, unknown>(),
  never: method<void, void>(),
  keyed: method<string, string>({ key: (input) => input }),
  echo: method<unknown, unknown>({ safe: true }),
});
const Account = defineEntity("test.BadAccount", { touch: method<unknown, string>() });

const GARBAGE: Readonly<Record<string, unknown>> = {
  function: () => {},
  symbol: Symbol("s"),
  cycle,
  huge: HUGE,
  class: new (class Odd {})(),
};

/** What a caller does wrong, and what it must be told. */
type Case = readonly [what: string, call: (system: System) => Promise<unknown>, code: Code, outcome: Outcome];

const cases: readonly Case[] = [
  ["an input that its schema refuses", (s) => invoke(s, "checked", 5), "invalid_argument", "not_sent"],
  ["the same past the caller's check", (s) => blind(s, "checked", 5), "invalid_argument", "rejected"],
  ["no input where one is needed", (s) => blind(s, "checked", undefined), "invalid_argument", "rejected"],
  ["an input without a form", (s) => invoke(s, "echo", () => {}), "invalid_argument", "not_sent"],
  ["a cycle", (s) => invoke(s, "echo", cycle), "invalid_argument", "not_sent"],
  ["a huge body", (s) => invoke(s, "echo", HUGE), "invalid_argument", "not_sent"],
  ["a method that is not there", (s) => blind(s, "nothing", 1), "unimplemented", "rejected"],
  ["a method of every object", (s) => blind(s, "toString", 1), "unimplemented", "rejected"],
  ["a key that is empty", (s) => invoke(s, "keyed", ""), "invalid_argument", "not_sent"],
  ["a key that is too long", (s) => invoke(s, "keyed", "k".repeat(256)), "invalid_argument", "not_sent"],
  [
    "a header with an illegal name",
    (s) => invoke(s, "echo", 1, { headers: { "a b": "c" } }),
    "invalid_argument",
    "not_sent",
  ],
  ["an empty header", (s) => invoke(s, "echo", 1, { headers: { a: "" } }), "invalid_argument", "not_sent"],
  [
    "headers that are too many",
    (s) => invoke(s, "echo", 1, { headers: MANY_HEADERS }),
    "invalid_argument",
    "not_sent",
  ],
  [
    "an entity without a key",
    (s) => s.invoke({ contract: Account, method: "touch" }),
    "invalid_argument",
    "not_sent",
  ],
  ...Object.keys(GARBAGE).map((kind): Case => [
    `a handler that returns ${kind}`,
    (s) => invoke(s, "garbage", kind),
    "internal",
    "executed_reply_lost",
  ]),
  [
    "an output that its schema refuses",
    (s) => invoke(s, "checked", "wrong"),
    "internal",
    "executed_reply_lost",
  ],
];

function invoke(system: System, name: string, input: unknown, options = {}): Promise<unknown> {
  return system.invoke({ contract: Service, method: name }, input, options);
}

/** A caller that knows the contract by its name only: nothing is checked before it is sent. */
function blind(system: System, name: string, input: unknown): Promise<unknown> {
  return system.invoke({ contract: "test.Bad", method: name }, input);
}

/** How long a handler goes on after its signal until its slot is free again, in milliseconds. */
const ABANDON_AFTER_MS = 20;

async function serve(clock: Clock = systemClock): Promise<System> {
  const system = await createSystem({ name: "bad", transport: embedded(), clock });
  await system.serve(Service, {
    // A handler that breaks its own promise, which the compiler would not let it do.
    checked: (input) => input === "wrong" ? (5 as unknown as string) : input,
    garbage: (kind) => GARBAGE[kind],
    never: () => new Promise<void>(() => {}),
    keyed: (input) => input,
    echo: (input) => input,
  }, { abandonAfterMs: ABANDON_AFTER_MS, methods: { never: { concurrency: 1 } } });
  await system.serve(Account, () => ({ touch: () => "touched" }));
  return system;
}

for (const [what, call, code, outcome] of cases) {
  Deno.test(`bad input: ${what} is ${code} / ${outcome}, and the tree stays up`, async () => {
    await using system = await serve();
    const failure = await call(system).then(() => assert.fail("it should fail"), RpcError.from);
    assert.deepEqual([failure.code, failure.outcome], [code, outcome], failure.message);
    assert.ok(failure.message.length > 10 && failure.message.length < 1_100, failure.message);
    assert.equal(await system.client(Service).echo("still here"), "still here");
    await until(() => system.services().every(({ unsettled }) => unsettled === 0));
    assert.deepEqual(troubled(system.tree()), []);
  });
}

Deno.test("bad input: a handler that never returns is deadline_exceeded / replied, loses its slot, and the tree stays up", async () => {
  // Between its deadline and its answer a machine that stands still would let its caller give up.
  const clock = new ManualClock();
  await using system = await serve(clock);
  const never = system.client(Service).never;
  const call = assertFails(never(undefined, { timeoutMs: 50 }), "deadline_exceeded", "replied");
  await turns(5);
  clock.advance(50);
  await turns(5);
  clock.advance(ABANDON_AFTER_MS);
  await call;
  const method = (): TreeNode | undefined => nodeOf(system.tree(), "never");
  await until(() => method()?.details?.["running"] === 0);
  assert.equal(method()?.abandoned?.count, 1);
  assert.equal(await system.client(Service).echo("still here"), "still here");
  assert.deepEqual(troubled(system.tree()), []);
});

function troubled(node: TreeNode): readonly string[] {
  const own = node.state === "running" ? [] : [`${node.id} is ${node.state}`];
  return [...own, ...node.children.flatMap(troubled)];
}

function nodeOf(node: TreeNode, id: string): TreeNode | undefined {
  if (node.id === id) return node;
  for (const child of node.children) {
    const found = nodeOf(child, id);
    if (found !== undefined) return found;
  }
  return undefined;
}
