import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { embeddedBroker } from "../../../../src/transport/embedded/mod.ts";
import { sqliteStore } from "../../../../src/store/sqlite_store.ts";
import { GROUP, messageOf, queueOf, TOPIC } from "../../../helpers/embedded_stage.ts";
import { TemporaryFile } from "../../../helpers/temporary_file.ts";
import { MemoryBroker } from "../../../../src/transport/embedded/broker.ts";

const HOLDER = fileURLToPath(new URL("../../../durable/holder.ts", import.meta.url));

/** The names in the folder with hashes of what they hold. */
function fingerprint({ folder, names }: TemporaryFile): readonly string[] {
  return names.map((name) =>
    `${name} ${createHash("sha256").update(Deno.readFileSync(`${folder}/${name}`)).digest("hex")}`
  );
}

/** Fails to open the file as it should, and leaves everything as it was. */
function assertRefused(file: TemporaryFile, message: RegExp): void {
  const before = fingerprint(file);
  assert.throws(() => embeddedBroker({ file: file.path }), { name: "Error", message });
  assert.throws(() => embeddedBroker({ file: file.path }), { name: "Error", message });
  assert.deepEqual(fingerprint(file), before);
}

/** Fills a broker file with that many messages, and closes it. */
async function fill(path: string, messages: number): Promise<void> {
  const broker = new MemoryBroker({ file: path });
  await broker.ensure([{ topic: TOPIC, queues: 2, group: GROUP }]);
  const all = Array.from(
    { length: messages },
    (_, index) => broker.append(messageOf(`message ${index} ${"x".repeat(300)}`), queueOf(index % 2)),
  );
  await Promise.all(all);
  broker.close();
}

/** A process that has the file open and was told to fill it. */
async function holder(path: string): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", HOLDER, path],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), "open\n");
  reader.releaseLock();
  return child;
}

async function kill(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.stdout.cancel();
  await child.status;
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

Deno.test("openBrokerFile() leaves a file that is no database as it is, and says what to do", () => {
  using file = new TemporaryFile();
  Deno.writeTextFileSync(file.path, "certainly no database ".repeat(400));
  assertRefused(
    file,
    /^Cannot use the broker file ".*broker.db": the file is damaged, or no SQLite database: move it away, or/,
  );
});

Deno.test("openBrokerFile() leaves another application's database as it is, whatever its journals", () => {
  for (const mode of ["DELETE", "WAL"]) {
    using file = new TemporaryFile();
    change(file.path, `PRAGMA journal_mode = ${mode}; CREATE TABLE users (name TEXT)`);
    assertRefused(file, /it is another application's database; write the path of a file of its own$/);
  }
});

Deno.test("openBrokerFile() leaves the file of a store as it is", async () => {
  using file = new TemporaryFile();
  await sqliteStore(file.path).close();
  assertRefused(file, /another application's database/);
});

Deno.test("openBrokerFile() leaves a file of a later version as it is", async () => {
  using file = new TemporaryFile();
  await fill(file.path, 10);
  change(file.path, "PRAGMA user_version = 2");
  assertRefused(
    file,
    /it has format 2, and this version of the library knows 1: use the version that wrote it or/,
  );
});

Deno.test("openBrokerFile() leaves a damaged file as it is, and says what to do", async () => {
  using file = new TemporaryFile();
  await fill(file.path, 400);
  const whole = Deno.readFileSync(file.path);
  const overwritten = whole.slice();
  for (let page = 3 * 4_096; page < whole.length; page += 2 * 4_096) overwritten.fill(0xff, page, page + 512);
  Deno.writeFileSync(file.path, overwritten);
  assertRefused(file, /the file is damaged.*: move it away, or restore it from a backup/);
  Deno.writeFileSync(file.path, whole.subarray(0, Math.floor(whole.length / 2)));
  assertRefused(file, /the file is damaged.*: move it away, or restore it from a backup/);
  Deno.writeFileSync(file.path, whole);
  const broker = embeddedBroker({ file: file.path });
  assert.equal(broker.messages(TOPIC).length, 400);
  broker.close();
});

Deno.test("openBrokerFile() leaves a damaged file as it is that its process was killed over, with its log", async () => {
  using file = new TemporaryFile();
  await fill(file.path, 400);
  await kill(await holder(file.path));
  assert.ok(Deno.statSync(`${file.path}-wal`).size > 0);
  const overwritten = Deno.readFileSync(file.path);
  for (let page = 3 * 4_096; page < overwritten.length; page += 4_096) {
    overwritten.fill(0xff, page, page + 512);
  }
  Deno.writeFileSync(file.path, overwritten);
  assertRefused(file, /the file is damaged.*: move it away, or restore it from a backup/);
});

Deno.test("openBrokerFile() refuses a second broker of this process, by whatever name, until the first is closed", () => {
  using file = new TemporaryFile();
  const first = embeddedBroker({ file: file.path });
  Deno.symlinkSync(file.path, `${file.folder}/other.db`);
  for (const path of [file.path, `${file.folder}/./broker.db`, `${file.folder}/other.db`]) {
    assert.throws(() => embeddedBroker({ file: path }), {
      message:
        /another embedded broker of this process has it open: close that first, or share one embeddedBroker/,
    });
  }
  first.close();
  first.close();
  embeddedBroker({ file: file.path }).close();
});

Deno.test("openBrokerFile() refuses a second process, and takes over from one that was killed", async () => {
  using file = new TemporaryFile();
  const other = await holder(file.path);
  try {
    assert.throws(() => embeddedBroker({ file: file.path }), {
      message: /another process has it open: close that/,
    });
  } finally {
    await kill(other);
  }
  const broker = embeddedBroker({ file: file.path });
  assert.deepEqual(broker.messages(TOPIC).map(({ offset }) => offset), [0, 1, 2]);
  assert.deepEqual(file.names, ["broker.db", "broker.db-wal"]);
  broker.close();
  assert.deepEqual(file.names, ["broker.db"]);
});

Deno.test("openBrokerFile() says what is wrong with a path, and with another ownership", () => {
  using file = new TemporaryFile();
  assert.throws(() => embeddedBroker({ file: `${file.folder}/no/such/folder.db` }), {
    message: /^Cannot use the broker file .*unable to open database file/,
  });
  assert.throws(() => embeddedBroker({ file: file.folder }), { message: /^Cannot use the broker file/ });
  for (const path of ["", ":memory:"]) {
    assert.throws(() => embeddedBroker({ file: path }), { name: "TypeError", message: /Cannot use 'file'/ });
  }
  embeddedBroker({ file: file.path }).close();
  assert.throws(() => embeddedBroker({ file: file.path, ownership: "perMessage" }), {
    message: /it was made with ownership "offset", not "perMessage": use that, or another file$/,
  });
});
