import assert from "node:assert/strict";
import { violations } from "./audit.ts";
import type { Evidence } from "./evidence.ts";
import { figures } from "./figures.ts";
import { firstBetween, slowestBetween } from "./lives.ts";
import type { Called, Ended, Entry, Settled } from "./journal.ts";

const called = (method: string, label: string, more: Partial<Called> = {}): Called => ({
  ...{ is: "called", pid: 1, atMs: 100, method, label, piece: label, key: "k" },
  ...{ timeoutMs: 60_000, idempotencyKey: undefined },
  ...more,
});
const settled = (label: string, code = "ok", outcome = "", atMs = 200): Settled => ({
  ...{ is: "settled", pid: 1, atMs, label, code, outcome, callId: `id-${label}`, message: "" },
});
const began = (
  method: string,
  label: string,
  pid = 2,
  idempotencyKey = `id-${label}`,
  atMs = 150,
): Entry => ({
  ...{ is: "began", pid, atMs, method, label, key: "k", callId: `id-${label}`, idempotencyKey, attempt: 1 },
});
const ended = (method: string, label: string, how: Ended["how"] = "answer", pid = 2): Entry => ({
  ...{ is: "ended", pid, method, label, key: "k", how },
});

/** Evidence of a world in which everything that was called is stored, answered, and has its effect. */
function evidence(entries: readonly Entry[], more: Partial<Evidence> = {}): Evidence {
  const calls = entries.filter((entry) => entry.is === "called");
  const answered = new Set(
    entries.filter((entry) => entry.is === "ended" && entry.how === "answer").map((entry) =>
      entry.is === "ended" ? entry.label : ""
    ),
  );
  const effects = calls.filter(({ label, method }) => answered.has(label) && method !== "safe")
    .map(({ label }) => ({ key: `id-${label}`, piece: label }));
  return {
    entries,
    requests: calls.map(({ label, method }) => ({
      ...{ id: `id-${label}`, method, label, oneway: method === "note", copied: false, queue: "q" },
    })),
    replies: new Map(calls.map(({ label }) => [`id-${label}`, ["ok"]])),
    deadLetters: new Map(),
    effects,
    total: effects.length,
    outages: [],
    ...more,
  };
}

const run = (method: string, label: string): readonly Entry[] => [
  called(method, label),
  began(method, label),
  ended(method, label),
  settled(label),
];

Deno.test("violations: a world in which all is well has none", () => {
  assert.deepEqual(
    violations(evidence([...run("once", "a"), ...run("keyed", "b"), ...run("safe", "c")])),
    [],
  );
});

const LIES: readonly (readonly [string, RegExp, Evidence])[] = [
  ...["not_sent", "expired", "rejected"].map((outcome) =>
    [
      `a call that ran is called ${outcome}`,
      /and it ran/,
      evidence([
        called("safe", "a"),
        began("safe", "a"),
        ended("safe", "a"),
        settled("a", "unavailable", outcome),
      ]),
    ] as const
  ),
  [
    "a call succeeds before its handler answered",
    /no run of it had answered/,
    evidence([called("safe", "a"), began("safe", "a"), settled("a"), ended("safe", "a")]),
  ],
  [
    "a call that never ended is called executed_reply_lost",
    /no run of it came to its end/,
    evidence([
      called("safe", "a"),
      began("safe", "a"),
      settled("a", "deadline_exceeded", "executed_reply_lost"),
    ]),
  ],
  [
    "a call fails late that had time enough",
    /failed with deadline_exceeded/,
    evidence([
      called("safe", "a"),
      began("safe", "a"),
      ended("safe", "a"),
      settled("a", "deadline_exceeded", "sent_unknown"),
    ]),
  ],
  [
    "handlers of one key overlap",
    /began while a of keyed@k ran/,
    evidence([
      called("keyed", "a"),
      called("keyed", "b"),
      began("keyed", "a"),
      began("keyed", "b", 3),
      ended("keyed", "a"),
      ended("keyed", "b", "answer", 3),
      settled("a"),
      settled("b"),
    ]),
  ],
  [
    "methods of one account overlap",
    /began while a of @k ran/,
    evidence([
      called("deposit", "a"),
      called("look", "b"),
      began("deposit", "a"),
      began("look", "b", 3),
      ended("deposit", "a"),
      ended("look", "b", "answer", 3),
      settled("a"),
      settled("b"),
    ], { effects: [{ key: "id-a", piece: "a" }], total: 1 }),
  ],
  [
    "a younger call of a key begins first",
    /1-1 of keyed@k of 1 began after 1-2/,
    evidence([
      called("keyed", "1-1"),
      called("keyed", "1-2"),
      ...run("keyed", "1-2").slice(1),
      ...run("keyed", "1-1").slice(1),
    ]),
  ],
  [
    "what must run once runs twice",
    /began 2 times/,
    evidence([called("once", "a"), began("once", "a"), ...run("once", "a").slice(1)]),
  ],
  ["a call is never settled", /was never settled/, evidence([called("safe", "a")])],
  [
    "what was accepted is not stored",
    /is not in the topic/,
    evidence([called("note", "a"), settled("a")], { requests: [] }),
  ],
  [
    "what was stored is neither answered nor buried",
    /neither answered nor buried/,
    evidence([called("safe", "a"), { is: "gone", pid: 1 }], { replies: new Map() }),
  ],
  [
    "a note that was stored is neither run nor buried",
    /neither answered nor buried/,
    evidence([called("note", "a"), settled("a")]),
  ],
  [
    "an effect happens twice",
    /has two effects/,
    evidence(run("once", "a"), {
      effects: [{ key: "id-a", piece: "a" }, { key: "other", piece: "a" }],
      total: 2,
    }),
  ],
  ["an effect is lost", /has no effect/, evidence(run("once", "a"), { effects: [], total: 0 })],
  ["effects do not add up", /1 effects add up to 2/, evidence(run("once", "a"), { total: 2 })],
  [
    "a call runs under two idempotency keys",
    /ran under another/,
    evidence([
      called("keyed", "a"),
      began("keyed", "a", 2, "another"),
      { is: "gone", pid: 2 },
      ...run("keyed", "a").slice(1),
    ]),
  ],
];

for (const [what, expected, world] of LIES) {
  Deno.test(`violations: ${what}`, () => {
    const found = violations(world);
    assert.ok(found.some((violation) => expected.test(violation)), JSON.stringify(found));
  });
}

Deno.test("violations: what a killed process had begun overlaps with nothing, and a dead caller's calls may stay open", () => {
  const entries: readonly Entry[] = [
    called("keyed", "a"),
    began("keyed", "a"),
    { is: "gone", pid: 2 },
    { is: "gone", pid: 1 },
    began("keyed", "a", 3),
    ended("keyed", "a", "answer", 3),
  ];
  assert.deepEqual(violations(evidence(entries)), []);
});

Deno.test("violations: a call whose deadline ended in an outage may fail with it, and any other may not", () => {
  const entries = [
    called("safe", "a"),
    began("safe", "a"),
    ended("safe", "a"),
    settled("a", "deadline_exceeded", "sent_unknown"),
  ];
  const during = { fromMs: 60_000, untilMs: 60_100 };
  assert.deepEqual(violations(evidence(entries, { outages: [during], replies: new Map() })), []);
  assert.equal(violations(evidence(entries, { outages: [{ ...during, untilMs: 60_099 }] })).length, 1);
  assert.equal(figures(evidence(entries)).unheard, 1);
});

Deno.test("violations: what was given up before it ran may run behind younger calls where a killed broker has forgotten it", () => {
  const forgetful = { ownedKeys: false, runsOnce: false, remembers: false };
  const given = (code: string, againAtMs: number) => [
    called("keyed", "1-1"),
    settled("1-1", code, "sent_unknown", 120),
    called("keyed", "1-2"),
    ...run("keyed", "1-2").slice(1),
    began("keyed", "1-1", 2, "id-1-1", againAtMs),
    ended("keyed", "1-1"),
  ];
  const outages = [{ fromMs: 300, untilMs: 1_000 }];
  const forgotten = evidence(given("cancelled", 400), { outages });
  assert.deepEqual(violations(forgotten, forgetful), []);
  const stored = (label: string, queue: string) => ({
    ...{ id: `id-${label}`, method: "keyed", label, oneway: false, copied: false, queue },
  });
  const others: readonly (readonly [string, Evidence])[] = [
    ["its caller had not given it up", evidence(given("unavailable", 400), { outages })],
    ["it ran before the broker died", evidence(given("cancelled", 290), { outages })],
    ["it ran long after the broker was back", evidence(given("cancelled", 1_001), { outages })],
    ["it was given up when the broker was dead", {
      ...forgotten,
      outages: [{ fromMs: 110, untilMs: 1_000 }],
    }],
    ["the younger one ran when the broker was dead", {
      ...forgotten,
      outages: [{ fromMs: 140, untilMs: 1_000 }],
    }],
    ["it was stored behind the younger one", {
      ...forgotten,
      requests: [stored("1-2", "q"), stored("1-1", "q")],
    }],
    ["it was stored elsewhere", { ...forgotten, requests: [stored("1-1", "p"), stored("1-2", "q")] }],
  ];
  for (const [what, world] of others) {
    assert.ok(
      violations(world, forgetful).some((each) => /1-1 of keyed@k of 1 began after/.test(each)),
      what,
    );
  }
  assert.match(violations(forgotten, { ...forgetful, remembers: true }).join(), /began after/);
});

Deno.test("slowestBetween and firstBetween count from the begin of the time, or from the call", () => {
  const entries = [
    called("safe", "a", { atMs: 0 }),
    called("safe", "b", { atMs: 150 }),
    settled("a", "ok", "", 130),
    settled("b", "ok", "", 190),
  ];
  assert.equal(slowestBetween(entries, 100, 1_000), 40);
  assert.equal(slowestBetween(entries, 100, 150), 30);
  assert.equal(firstBetween(entries, 100, 1_000), 90);
});
