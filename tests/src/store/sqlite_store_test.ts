import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { OutcomeStore } from "../../../src/store/outcome_store.ts";
import { SqliteStore, sqliteStore } from "../../../src/store/sqlite_store.ts";
import { claimOf, workOf } from "../../conformance/store_suite.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

const LEASE = { leaseMs: 1_000, takeOver: true };

async function withFolder(run: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function done(store: OutcomeStore, key: string, bytes = 1): Promise<void> {
  assert.ok(await store.finish(claimOf(await store.begin(workOf(key), LEASE)), new Uint8Array(bytes)));
}

async function kindsOf(store: OutcomeStore, keys: readonly string[]): Promise<readonly string[]> {
  return await Promise.all(keys.map(async (key) => (await store.find(workOf(key))).kind));
}

Deno.test("sqliteStore keeps outcomes, leases and totals when it is closed and opened again", () =>
  withFolder(async (folder) => {
    const clock = new ManualClock();
    const path = `${folder}/a.db`;
    const first = new SqliteStore(path, { clock });
    await done(first, "a", 10);
    const claim = claimOf(await first.begin(workOf("b"), LEASE));
    await first.close();
    await first.close();
    await assert.rejects(first.find(workOf("a")), {
      message: `Cannot use the store "${path}": it is closed`,
    });
    await using second = new SqliteStore(path, { clock });
    assert.deepEqual(await kindsOf(second, ["a", "b"]), ["finished", "running"]);
    assert.deepEqual(second.totals(), { outcomes: 2, bytes: 12, evicted: 0 });
    assert.ok(await second.finish(claim, Uint8Array.of(1)));
  }));

Deno.test("sqliteStore answers what it was asked before it closes", () =>
  withFolder(async (folder) => {
    const store = new SqliteStore(`${folder}/a.db`);
    const asked = Array.from({ length: 600 }, (_, index) => store.begin(workOf(`k${index}`), LEASE));
    await store.close();
    assert.ok((await Promise.all(asked)).every(({ kind }) => kind === "begun"));
  }));

Deno.test("sqliteStore answers what is asked in one turn in one transaction", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.db`;
    await using store = new SqliteStore(path);
    await store.find(workOf("a"));
    const watcher = new DatabaseSync(path);
    const version = () => watcher.prepare("PRAGMA data_version").get()?.["data_version"];
    const before = Number(version());
    await Promise.all(Array.from({ length: 100 }, (_, index) => store.begin(workOf(`k${index}`), LEASE)));
    assert.equal(version(), before + 1);
    watcher.close();
  }));

Deno.test("sqliteStore waits for another process that writes, without standing still, and at most 5 s", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const clock = new ManualClock();
    await using store = new SqliteStore(path, { clock, random: () => 0.5 });
    await store.find(workOf("a"));
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const begun = store.begin(workOf("a"), LEASE);
    await turns();
    assert.equal(clock.timers, 1);
    other.exec("ROLLBACK");
    clock.advance(50);
    assert.equal((await begun).kind, "begun");
    other.exec("BEGIN IMMEDIATE");
    const refused = assert.rejects(store.begin(workOf("b"), LEASE), /Cannot use the store .* locked/);
    for (let turn = 0; turn < 400; turn++) {
      await turns(1);
      clock.advance(50);
    }
    await refused;
    assert.equal(clock.timers, 0);
    other.exec("ROLLBACK");
    other.close();
    await done(store, "b");
  }));

Deno.test("sqliteStore forgets outcomes after their time", () =>
  withFolder(async (folder) => {
    const clock = new ManualClock();
    await using store = new SqliteStore(`${folder}/a.db`, { clock, keepMs: 60_000 });
    await done(store, "a");
    claimOf(await store.begin(workOf("left"), LEASE));
    clock.advance(59_999);
    assert.deepEqual(await kindsOf(store, ["a", "left"]), ["finished", "orphaned"]);
    clock.advance(1);
    assert.deepEqual(await kindsOf(store, ["a", "left"]), ["unknown", "orphaned"]);
    claimOf(await store.begin(workOf("a", "other"), LEASE));
    clock.advance(1_000);
    await done(store, "b");
    assert.deepEqual(await kindsOf(store, ["left"]), ["unknown"]);
    assert.deepEqual([store.totals().outcomes, store.totals().evicted], [2, 0]);
  }));

Deno.test("sqliteStore forgets the oldest where there is too much, never work under way", () =>
  withFolder(async (folder) => {
    const clock = new ManualClock();
    await using store = new SqliteStore(`${folder}/a.db`, { clock, maxOutcomes: 3, maxBytes: 10_000 });
    claimOf(await store.begin(workOf("running"), LEASE));
    for (const key of ["a", "b", "c"]) await done(store, key);
    assert.deepEqual(await kindsOf(store, ["running", "a", "b", "c"]), [
      "running",
      "unknown",
      "finished",
      "finished",
    ]);
    await done(store, "d", 9_997);
    assert.deepEqual(await kindsOf(store, ["running", "b", "c", "d"]), [
      "running",
      "unknown",
      "unknown",
      "finished",
    ]);
    const { outcomes, bytes, evicted } = store.totals();
    assert.deepEqual([outcomes, bytes, evicted], [2, 9_999, 3]);
  }));

Deno.test("sqliteStore says what is wrong with a file that is none of its own", () =>
  withFolder(async (folder) => {
    const text = `${folder}/text.db`;
    await Deno.writeTextFile(text, "certainly no database ".repeat(100));
    assert.throws(() => sqliteStore(text), /damaged, or no SQLite database: move it away, or restore it/);

    const foreign = `${folder}/foreign.db`;
    const database = new DatabaseSync(foreign);
    database.exec("CREATE TABLE users (name TEXT)");
    database.close();
    assert.throws(
      () => sqliteStore(foreign),
      /another application's database; write the path of a file of its own/,
    );

    const later = `${folder}/later.db`;
    await sqliteStore(later).close();
    const changed = new DatabaseSync(later);
    changed.exec("PRAGMA user_version = 2");
    changed.close();
    assert.throws(() => sqliteStore(later), /it has format 2, and this version of the library knows 1/);

    assert.throws(() => sqliteStore(`${folder}/no/such/folder.db`), /Cannot use the store .*unable to open/);
    assert.throws(() => sqliteStore(":memory:"), /needs a file on a local disk/);
    assert.throws(() => sqliteStore(`${folder}/b.db`, { keepMs: 0 }), { name: "RangeError" });
  }));

Deno.test("sqliteStore rejects what it cannot read any more, and says that the file is damaged", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.db`;
    const store = sqliteStore(path);
    for (let index = 0; index < 200; index++) await done(store, `k${index}`, 200);
    await store.close();
    const file = await Deno.open(path, { write: true });
    const { size } = await file.stat();
    for (let page = 2 * 4_096; page < size; page += 4_096) {
      await file.seek(page, Deno.SeekMode.Start);
      await file.write(new Uint8Array(512).fill(0xff));
    }
    file.close();
    const damaged = sqliteStore(path);
    await assert.rejects(damaged.begin(workOf("k7"), LEASE), /Cannot use the store .*damaged/);
    await damaged.close();
  }));
