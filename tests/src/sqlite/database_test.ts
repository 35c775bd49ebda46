import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import {
  checkOwner,
  explained,
  type FileKind,
  flushToDisk,
  isBusy,
  isFull,
  makeOrCheck,
  openDatabase,
  pragma,
  refuse,
  transact,
} from "../../../src/sqlite/database.ts";
import { openOutcomeFile } from "../../../src/store/sqlite_file.ts";
import { openBrokerFile } from "../../../src/transport/embedded/open_broker_file.ts";
import { TemporaryFile } from "../../helpers/temporary_file.ts";

const KIND: FileKind = {
  noun: "test file",
  applicationId: 0x74657374,
  format: 3,
  tables: "CREATE TABLE things (name TEXT) STRICT;",
};

function make(path: string, kind = KIND): void {
  const database = openDatabase(path);
  makeOrCheck(database, path, kind);
  database.close();
}

Deno.test("checkOwner() tells nothing yet from what is ours, and refuses what is neither", () => {
  using file = new TemporaryFile();
  assert.equal(checkOwner(file.path, KIND, 0), true);
  Deno.writeFileSync(file.path, new Uint8Array(0));
  assert.equal(checkOwner(file.path, KIND, 0), true);
  make(file.path);
  assert.equal(checkOwner(file.path, KIND, 0), false);
  const other = { ...KIND, applicationId: 1 };
  assert.throws(() => checkOwner(file.path, other, 0), /the test file ".*": it is another application's/);
  assert.throws(
    () => checkOwner(file.path, { ...KIND, format: 2 }, 0),
    /it has format 3, and .* knows 2: use/,
  );
  assert.deepEqual(file.names, ["broker.db"]);
});

Deno.test("makeOrCheck() makes tables once", () => {
  using file = new TemporaryFile();
  make(file.path);
  make(file.path);
  assert.throws(() => make(file.path, { ...KIND, format: 4 }), /format 3/);
});

Deno.test("transact() keeps all of it or nothing, and throws what was thrown though the transaction is over", () => {
  using file = new TemporaryFile();
  make(file.path);
  const database = openDatabase(file.path);
  const insert = (name: string) => database.prepare("INSERT INTO things VALUES (?)").run(name).changes;
  assert.equal(transact(database, "IMMEDIATE", () => insert("kept")), 1);
  for (const ended of [false, true]) {
    const failing = () => {
      insert("taken back");
      if (ended) database.exec("ROLLBACK");
      throw new Error("first");
    };
    assert.throws(() => transact(database, "EXCLUSIVE", failing), { message: "first" });
  }
  assert.equal(database.isTransaction, false);
  assert.deepEqual(database.prepare("SELECT name FROM things").all().map(({ name }) => name), ["kept"]);
  database.close();
});

Deno.test("flushToDisk() has every commit flushed, past the disk's memory too, in the files of brokers and stores", () => {
  const flushes = (
    database: DatabaseSync,
  ): unknown => [
    pragma(database, "journal_mode"),
    pragma(database, "synchronous"),
    pragma(database, "fullfsync"),
  ];
  using plain = new TemporaryFile();
  const database = openDatabase(plain.path);
  database.exec("PRAGMA synchronous = OFF");
  flushToDisk(database);
  assert.deepEqual(flushes(database), ["delete", 2, 1]);
  database.close();
  using file = new TemporaryFile();
  const broker = openBrokerFile(file.path, "offset");
  assert.deepEqual(flushes(broker.database), ["wal", 2, 1]);
  broker.close();
  using outcomes = new TemporaryFile();
  const store = openOutcomeFile(outcomes.path, 5);
  assert.deepEqual(flushes(store), ["wal", 2, 1]);
  store.close();
});

Deno.test("isBusy() and isFull() know SQLite's errors, with and without a code", () => {
  using file = new TemporaryFile();
  make(file.path);
  const holder = openDatabase(file.path);
  const other = openDatabase(file.path);
  holder.exec("BEGIN EXCLUSIVE");
  assert.throws(() => other.exec("BEGIN EXCLUSIVE"), (error) => isBusy(error) && !isFull(error));
  assert.throws(() => other.exec("nonsense"), (error) => !isBusy(error) && !isFull(error));
  assert.throws(() => other.prepare("BEGIN EXCLUSIVE").run(), isBusy);
  assert.deepEqual([isBusy("else"), isFull(undefined)], [false, false]);
  assert.equal(pragma(holder, "application_id"), KIND.applicationId);
  holder.exec("COMMIT; PRAGMA max_page_count = 3");
  assert.throws(() => holder.exec("INSERT INTO things VALUES (hex(zeroblob(99999)))"), isFull);
  assert.throws(() => holder.prepare("INSERT INTO things VALUES (?)").run("x".repeat(99_999)), isFull);
  holder.close();
  other.close();
});

Deno.test("explained() says what to do with a damaged file, and leaves a refusal as it is", () => {
  const damaged = explained(KIND, "a.db", new Error("database disk image is malformed"));
  assert.equal(
    damaged.message,
    'Cannot use the test file "a.db": the file is damaged, or no SQLite database: move it away, or restore it from a ' +
      "backup (database disk image is malformed)",
  );
  assert.equal(
    explained(KIND, "a.db", refuse(KIND, "b.db", "no")).message,
    'Cannot use the test file "b.db": no',
  );
  assert.equal(explained(KIND, "a.db", "odd").message, 'Cannot use the test file "a.db": odd');
});
