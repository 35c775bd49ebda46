import assert from "node:assert/strict";
import fc from "fast-check";
import type { Begun, Claim, Finding, OutcomeStore, Work } from "../../src/store/outcome_store.ts";
import type { ManualClock } from "../helpers/manual_clock.ts";

/** One store for one test, which can be opened more than once where it is shared. */
export interface StoreSuiteFixture extends AsyncDisposable {
  readonly clock: ManualClock;
  /** A store: each call gives one more user of the same memory. */
  open(): OutcomeStore;
}

/** A piece of work; each key another one. */
export function workOf(key: string, digest = "d"): Work {
  return { contract: "bank.Payments", method: "transfer", key, digest };
}

const LEASE = { leaseMs: 1_000, takeOver: true };
const OUTCOME = Uint8Array.of(0, 1, 255);

/** The claim of work that was begun just now. */
export function claimOf(begun: Finding | Begun): Claim {
  assert.equal(begun.kind, "begun");
  return begun.claim;
}

/**
 * What every outcome store must keep.
 *
 * @param name the store, for the names of the tests
 * @param factory makes an empty store for one test, whose times come from the clock that it gives
 */
export function storeSuite(name: string, factory: () => Promise<StoreSuiteFixture>): void {
  const test: Test = (promise, run) =>
    Deno.test(`${name}: a store ${promise}`, async () => {
      await using fixture = await factory();
      await run(fixture);
    });
  outcomes(test);
  leases(test);
  fencing(test);
  anyOrder(test);
}

type Test = (promise: string, run: (fixture: StoreSuiteFixture) => Promise<void>) => void;

function outcomes(test: Test): void {
  test("knows nothing of work that nobody has begun", async ({ open }) => {
    assert.deepEqual(await open().find(workOf("a")), { kind: "unknown" });
  });

  test("remembers an outcome for everybody, and gives copies of it", async ({ open }) => {
    const [one, other] = [open(), open()];
    const given = OUTCOME.slice();
    assert.equal(await one.finish(claimOf(await one.begin(workOf("a"), LEASE)), given), true);
    given.fill(7);
    for (const store of [one, other]) {
      for (const ask of [store.find(workOf("a")), store.begin(workOf("a"), LEASE)]) {
        const found = await ask;
        assert.deepEqual(found, { kind: "finished", outcome: OUTCOME });
        if (found.kind === "finished") found.outcome.fill(9);
      }
    }
  });

  test("tells works apart by contract, method and key, whatever is in the key", async ({ open }) => {
    const store = open();
    const keys = [
      "a",
      "A",
      " a",
      "ä",
      "a\n",
      "a\nb",
      "'; DROP TABLE outcomes; --",
      "\u{1F600}",
      "x".repeat(12_000),
    ];
    for (const [index, key] of keys.entries()) {
      const claim = claimOf(await store.begin(workOf(key), LEASE));
      assert.ok(await store.finish(claim, Uint8Array.of(index)));
    }
    for (const [index, key] of keys.entries()) {
      assert.deepEqual(await store.find(workOf(key)), { kind: "finished", outcome: Uint8Array.of(index) });
    }
    assert.equal((await store.find({ ...workOf("a"), method: "refund" })).kind, "unknown");
    assert.equal((await store.find({ ...workOf("a"), contract: "bank.Accounts" })).kind, "unknown");
  });

  test("refuses another input under a key that was used, before and after the outcome", async ({ open }) => {
    const store = open();
    const claim = claimOf(await store.begin(workOf("a"), LEASE));
    for (const finish of [false, true]) {
      if (finish) await store.finish(claim, OUTCOME);
      assert.deepEqual(await store.find(workOf("a", "other")), { kind: "conflict" });
      assert.deepEqual(await store.begin(workOf("a", "other"), LEASE), { kind: "conflict" });
    }
  });

  test("keeps an outcome without bytes and one of a mebibyte", async ({ open }) => {
    const store = open();
    for (const [key, size] of [["a", 0], ["b", 1_048_576]] as const) {
      const outcome = new Uint8Array(size).fill(3);
      assert.ok(await store.finish(claimOf(await store.begin(workOf(key), LEASE)), outcome));
      assert.deepEqual(await store.find(workOf(key)), { kind: "finished", outcome });
    }
  });
}

function leases(test: Test): void {
  test("gives work to one of many that begin it at once", async ({ open }) => {
    const stores = [open(), open()];
    const asked = Array.from(
      { length: 20 },
      (_, index) => (stores[index % 2] ?? open()).begin(workOf("a"), LEASE),
    );
    const kinds = (await Promise.all(asked)).map(({ kind }) => kind).sort();
    assert.deepEqual(kinds, ["begun", ...Array(19).fill("running")]);
  });

  test("says how long a lease has to go, and that it ended", async ({ open, clock }) => {
    const store = open();
    const claim = claimOf(await store.begin(workOf("a"), LEASE));
    clock.advance(400);
    assert.deepEqual(await store.find(workOf("a")), { kind: "running", leaseMs: 600 });
    clock.advance(600);
    assert.deepEqual(await store.find(workOf("a")), { kind: "orphaned" });
    assert.deepEqual(await store.begin(workOf("a"), { ...LEASE, takeOver: false }), { kind: "orphaned" });
    // Its owner was slow, and nobody has taken over.
    assert.ok(await store.finish(claim, OUTCOME));
  });

  test("prolongs leases that are renewed", async ({ open, clock }) => {
    const [store, other] = [open(), open()];
    const claims = [];
    for (const key of ["a", "b"]) claims.push(claimOf(await store.begin(workOf(key), LEASE)));
    for (let turn = 0; turn < 3; turn++) {
      clock.advance(900);
      await store.renew(claims, 1_000);
    }
    clock.advance(900);
    for (const key of ["a", "b"]) {
      assert.deepEqual(await other.begin(workOf(key), LEASE), { kind: "running", leaseMs: 100 });
    }
  });

  test("lets released work be begun again at once, also with another input", async ({ open }) => {
    const [store, other] = [open(), open()];
    await store.release(claimOf(await store.begin(workOf("a"), LEASE)));
    assert.deepEqual(await other.find(workOf("a")), { kind: "unknown" });
    claimOf(await other.begin(workOf("a", "other"), LEASE));
  });
}

function fencing(test: Test): void {
  test("gives orphaned work to one that may take over, and fences off its first owner", async (fixture) => {
    const { open, clock } = fixture;
    const [first, second] = [open(), open()];
    const stale = claimOf(await first.begin(workOf("a"), LEASE));
    clock.advance(1_000);
    const begun = await Promise.all([second, second, first].map((store) => store.begin(workOf("a"), LEASE)));
    const [taken, ...others] = begun.filter(({ kind }) => kind === "begun");
    assert.ok(taken !== undefined && others.length === 0);
    assert.equal(await first.finish(stale, Uint8Array.of(1)), false);
    await first.renew([stale], 60_000);
    await first.release(stale);
    assert.deepEqual(await first.find(workOf("a")), { kind: "running", leaseMs: 1_000 });
    assert.ok(await second.finish(claimOf(taken), Uint8Array.of(2)));
    assert.deepEqual(await first.find(workOf("a")), { kind: "finished", outcome: Uint8Array.of(2) });
  });

  test("never changes an outcome, nor forgets it for a claim that is over", async ({ open }) => {
    const store = open();
    const claim = claimOf(await store.begin(workOf("a"), LEASE));
    assert.ok(await store.finish(claim, OUTCOME));
    assert.equal(await store.finish(claim, Uint8Array.of(9)), false);
    await store.release(claim);
    await store.renew([claim], 1);
    assert.deepEqual(await store.find(workOf("a")), { kind: "finished", outcome: OUTCOME });
  });

  test("knows a claim from an earlier one of work that was released since", async ({ open, clock }) => {
    const [first, second] = [open(), open()];
    const stale = claimOf(await first.begin(workOf("a"), LEASE));
    clock.advance(1_000);
    await second.release(claimOf(await second.begin(workOf("a"), LEASE)));
    const claim = claimOf(await second.begin(workOf("a"), LEASE));
    assert.equal(await first.finish(stale, OUTCOME), false);
    assert.ok(await second.finish(claim, OUTCOME));
  });
}

/** One step of one of three users of a store. */
interface Step {
  readonly user: number;
  readonly what: "begin" | "finish" | "release" | "renew" | "wait";
  readonly takeOver: boolean;
}

const STEP: fc.Arbitrary<Step> = fc.record({
  user: fc.integer({ min: 0, max: 2 }),
  what: fc.constantFrom("begin", "finish", "release", "renew", "wait"),
  takeOver: fc.boolean(),
});

/** What must be true of one piece of work, whoever did what to it. */
class Model {
  readonly work: Work;
  readonly #claims = new Map<number, Claim>();
  #holder: number | undefined;
  #finished = false;

  constructor(work: Work) {
    this.work = work;
  }

  async take(store: OutcomeStore, { user, what, takeOver }: Step): Promise<void> {
    if (what === "begin") return await this.#begin(store, user, takeOver);
    const claim = this.#claims.get(user);
    if (claim === undefined) return;
    const holds: boolean = claim.token === this.#holder && !this.#finished;
    if (what === "finish") {
      assert.equal(await store.finish(claim, OUTCOME), holds);
      this.#finished ||= holds;
    } else if (what === "renew") {
      await store.renew([claim], 1_000);
    } else {
      await store.release(claim);
      if (holds) this.#holder = undefined;
    }
  }

  async check(store: OutcomeStore): Promise<void> {
    const { kind } = await store.find(this.work);
    if (this.#finished) assert.equal(kind, "finished");
    else if (this.#holder === undefined) assert.equal(kind, "unknown");
    else assert.ok(kind === "running" || kind === "orphaned");
  }

  async #begin(store: OutcomeStore, user: number, takeOver: boolean): Promise<void> {
    const begun = await store.begin(this.work, { leaseMs: 1_000, takeOver });
    assert.equal(begun.kind === "finished", this.#finished);
    if (begun.kind !== "begun") return;
    this.#claims.set(user, begun.claim);
    this.#holder = begun.claim.token;
  }
}

function anyOrder(test: Test): void {
  test("lets no two hold the same work, whatever they do and in which order", async ({ open, clock }) => {
    const users = [open(), open(), open()];
    let works = 0;
    const property = fc.asyncProperty(fc.array(STEP, { maxLength: 30 }), async (steps) => {
      const model = new Model(workOf(`k${works++}`));
      for (const step of steps) {
        const store = users[step.user] ?? open();
        if (step.what === "wait") clock.advance(600);
        else await model.take(store, step);
        await model.check(store);
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });
}
