import assert from "node:assert/strict";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { RpcError } from "../../../../src/errors/rpc_error.ts";
import { MemoryBroker } from "../../../../src/transport/embedded/broker.ts";
import { embedded } from "../../../../src/transport/embedded/mod.ts";
import { openBrokerFile, type OpenFile } from "../../../../src/transport/embedded/open_broker_file.ts";
import type { EmbeddedBrokerOptions } from "../../../../src/transport/embedded/options.ts";
import type { SendReceipt, Transport, TransportState } from "../../../../src/transport/transport.ts";
import { GROUP, messageOf, queueOf, TOPIC } from "../../../helpers/embedded_stage.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { assertFails, turns } from "../../../helpers/settled.ts";
import { TemporaryFile } from "../../../helpers/temporary_file.ts";

const LAZY_MS = 120;
const RETRY_MS = 1_020;

/** What SQLite says, with its code. */
class SqliteError extends Error {
  readonly errcode: number;

  constructor(errcode: number, message: string) {
    super(message);
    this.errcode = errcode;
  }
}

/** A broker on a file whose disk does as it is told. */
class Stage implements Disposable {
  readonly clock = new ManualClock();
  readonly file = new TemporaryFile();
  readonly states: string[] = [];
  readonly broker: MemoryBroker;
  /** Transactions that succeeded. */
  commits = 0;
  /** Called before each commit; what it throws is what the commit throws. */
  onCommit: () => void = () => {};
  #database: DatabaseSync | undefined;

  constructor(options: EmbeddedBrokerOptions = {}) {
    const open: typeof openBrokerFile = (path, ownership) => this.#watch(openBrokerFile(path, ownership));
    this.broker = new MemoryBroker({ file: this.file.path, clock: this.clock, ...options }, open);
  }

  get database(): DatabaseSync {
    assert.ok(this.#database !== undefined);
    return this.#database;
  }

  async make(): Promise<RecordingSink> {
    await this.broker.ensure([{ topic: TOPIC, queues: 1, group: GROUP }]);
    this.commits = 0;
    const sink = new RecordingSink();
    this.broker.group(GROUP)?.join("a", sink);
    return sink;
  }

  send(text: string): Promise<SendReceipt> {
    return Promise.resolve(this.broker.append(messageOf(text), queueOf(0)));
  }

  async transport(): Promise<Transport> {
    const transport = embedded(this.broker);
    transport.onState((state: TransportState, reason) => this.states.push(`${state}: ${reason}`));
    await transport.start({ clock: this.clock, random: () => 0, instance: 1 });
    return transport;
  }

  /** The bodies that stand in the file once it is closed. */
  kept(): readonly string[] {
    this.broker.close();
    using database = new DatabaseSync(this.file.path, { readOnly: true });
    const rows = database.prepare("SELECT body FROM messages ORDER BY id").all();
    return rows.map(({ body }) => new TextDecoder().decode(body as Uint8Array));
  }

  [Symbol.dispose](): void {
    this.broker.close();
    this.file[Symbol.dispose]();
  }

  #watch(open: OpenFile): OpenFile {
    const database = this.#database = open.database;
    const prepare = database.prepare.bind(database);
    database.prepare = (sql: string) => {
      const statement = prepare(sql);
      if (sql === "COMMIT") this.#watchCommits(statement);
      return statement;
    };
    return open;
  }

  #watchCommits(statement: StatementSync): void {
    const run = statement.run.bind(statement);
    statement.run = () => {
      this.onCommit();
      const changes = run();
      this.commits++;
      return changes;
    };
  }
}

Deno.test("SqliteJournal records what comes in one turn in one transaction, and nobody sees it before", async () => {
  using stage = new Stage();
  const sink = await stage.make();
  stage.onCommit = () => assert.deepEqual([stage.broker.messages(TOPIC), sink.texts], [[], []]);
  const receipts = await Promise.all(Array.from({ length: 500 }, (_, index) => stage.send(String(index))));
  assert.deepEqual(receipts.map(({ offset }) => offset), [...receipts.keys()]);
  assert.equal(stage.commits, 1);
  await turns();
  assert.equal(sink.deliveries.length, 500);
});

Deno.test("SqliteJournal resolves a receipt, a start and a reply only when its transaction is on the disk", async () => {
  using stage = new Stage();
  const sink = await stage.make();
  const steps: string[] = [];
  stage.onCommit = () => steps.push("commit");
  await stage.send("a").then(() => steps.push("sent"));
  await turns();
  await sink.delivery("a").started().then(() => steps.push("started"));
  await Promise.resolve(stage.broker.sendTo("embedded:rka1-1", messageOf("reply")))
    .then(() => steps.push("replied"));
  await sink.delivery("a").started();
  assert.deepEqual(steps, ["commit", "sent", "commit", "started", "commit", "replied"]);
});

Deno.test("SqliteJournal lets no start begin whose queue is lost before it is on the disk", async () => {
  using stage = new Stage();
  const sink = await stage.make();
  await stage.send("a");
  await turns();
  const started = sink.delivery("a").started();
  stage.broker.group(GROUP)?.lose("a", "forgotten");
  await assertFails(started, "unavailable", "sent_unknown");
});

Deno.test("SqliteJournal lets settlements go along with what comes next, or alone after a while", async () => {
  using stage = new Stage();
  const sink = await stage.make();
  await Promise.all(["a", "b", "c"].map((text) => stage.send(text)));
  await turns();
  sink.delivery("a").ack();
  await turns();
  assert.equal(stage.commits, 1);
  await stage.send("d");
  assert.equal(stage.commits, 2);
  sink.delivery("b").ack();
  stage.clock.advance(LAZY_MS);
  assert.equal(stage.commits, 3);
  stage.clock.advance(10 * LAZY_MS);
  assert.equal(stage.commits, 3);
  const row = stage.database.prepare("SELECT committed FROM offsets").get();
  assert.equal(row?.["committed"], 2);
});

Deno.test("SqliteJournal bounds a transaction by what it writes", async () => {
  using stage = new Stage();
  await stage.make();
  const body = new Uint8Array(3 * 1024 * 1024);
  await Promise.all([1, 2, 3, 4, 5].map(() => stage.broker.append(messageOf("x", { body }), queueOf(0))));
  assert.equal(stage.commits, 3);
});

Deno.test("SqliteJournal refuses what a full disk has no room for, keeps what it owes, and goes on when there is room", async () => {
  using stage = new Stage();
  const sink = await stage.make();
  await using transport = await transportOf(stage);
  await stage.send("before");
  await turns();
  const pages = Number(stage.database.prepare("PRAGMA page_count").get()?.["page_count"]);
  stage.database.exec(`PRAGMA max_page_count = ${pages}`);
  const large = messageOf("large", { body: new Uint8Array(200_000) });
  const { messages, bytes } = stage.broker.retention;
  const error = await assertFails(
    Promise.resolve(stage.broker.append(large, queueOf(0))),
    "unavailable",
    "not_sent",
  );
  assert.match(error.message, /^Cannot use the broker file ".*": database or disk is full$/);
  assert.deepEqual([stage.broker.retention.messages, stage.broker.retention.bytes], [messages, bytes]);
  assert.match(stage.states.join(), /^degraded: .*disk is full: nothing is sent until there is room$/);

  stage.onCommit = () => {
    throw new SqliteError(13, "database or disk is full");
  };
  let started = false;
  void sink.delivery("before").started().then(() => started = true);
  await turns();
  stage.clock.advance(RETRY_MS);
  await turns();
  assert.deepEqual([started, stage.states.length], [false, 1]);
  stage.onCommit = () => {};
  stage.clock.advance(RETRY_MS);
  await turns();
  assert.equal(started, true);
  assert.match(stage.states[1] ?? "", /^connected: /);
  stage.database.exec("PRAGMA max_page_count = 100000");
  assert.equal((await stage.broker.append(large, queueOf(0))).offset, 1);
  assert.equal((await stage.send("after")).offset, 2);
  await transport.close();
  assert.deepEqual(stage.kept().map(({ length }) => length), [6, 200_000, 5]);
});

Deno.test("SqliteJournal sees by itself that a full disk has room again, with nothing owed", async () => {
  using stage = new Stage();
  await stage.make();
  await using _transport = await transportOf(stage);
  stage.clock.advance(LAZY_MS);
  await turns();
  stage.onCommit = () => {
    throw new SqliteError(13, "database or disk is full");
  };
  await assertFails(stage.send("x"), "unavailable", "not_sent");
  stage.clock.advance(RETRY_MS);
  await turns();
  assert.match(stage.states.join(), /^degraded: [^,]*$/);
  const log = (): number => Deno.statSync(`${stage.file.path}-wal`).size;
  const before = log();
  stage.onCommit = () => {};
  stage.clock.advance(RETRY_MS);
  await turns();
  assert.match(stage.states[1] ?? "", /^connected: /);
  assert.ok(log() > before, "something was written");
  assert.equal(stage.clock.timers, 0);
});

Deno.test("SqliteJournal lets no start wait for messages of others, nor for what is on record already", async () => {
  using stage = new Stage({ ownership: "perMessage" });
  const sink = await stage.make();
  await stage.send("a");
  await turns();
  stage.clock.advance(LAZY_MS);
  stage.onCommit = () => {
    throw new SqliteError(13, "database or disk is full");
  };
  const sent = assertFails(stage.send("b"), "unavailable", "not_sent");
  await sink.delivery("a").started();
  await sent;
});

Deno.test("SqliteJournal gives up when nobody can tell what is on the disk, and says which send may be", async () => {
  using stage = new Stage();
  const sink = await stage.make();
  const transport = await stage.transport();
  await stage.send("before");
  await turns();
  stage.onCommit = () => {
    throw new SqliteError(10 | (4 << 8), "disk I/O error");
  };
  const started = sink.delivery("before").started();
  const [inDoubt] = await Promise.all([
    assertFails(stage.send("in doubt"), "unavailable", "sent_unknown"),
    assert.rejects(started, { code: "unavailable" }),
  ]);
  assert.match(inDoubt.message, /disk I\/O error/);
  assert.deepEqual(stage.states.length, 1);
  assert.match(stage.states[0] ?? "", /^failed: Cannot use the broker file .*disk I\/O error/);
  assert.throws(() => stage.broker.append(messageOf(), queueOf(0)), (error: RpcError) => {
    assert.deepEqual([error.code, error.outcome], ["unavailable", "not_sent"]);
    return true;
  });
  await transport.close();
  assert.deepEqual(stage.kept(), ["before"]);
});

Deno.test("SqliteJournal fails as not sent what it could not even write", async () => {
  using stage = new Stage();
  await stage.make();
  stage.database.exec("DROP TABLE messages");
  await assertFails(stage.send("x"), "unavailable", "not_sent");
});

Deno.test("SqliteJournal close() records what it was told, answers it, and lets go of the file", async () => {
  using stage = new Stage();
  const sink = await stage.make();
  await stage.send("settled");
  await turns();
  sink.delivery("settled").ack();
  const sent = Array.from({ length: 5_000 }, () => stage.send("x"));
  stage.broker.close();
  assert.equal((await Promise.all(sent)).length, 5_000);
  assert.equal(stage.clock.timers, 0);
  await assertFails(Promise.resolve().then(() => stage.send("late")), "unavailable", "not_sent");
  const next = new MemoryBroker({ file: stage.file.path, clock: stage.clock });
  assert.equal(next.messages(TOPIC).length, 5_001);
  next.close();
});

Deno.test("SqliteJournal uses the room of dropped messages again: a file does not grow by what goes through it", async () => {
  using stage = new Stage({ retainedMessages: 200 });
  const sink = await stage.make();
  sink.onDelivery = (delivery) => delivery.ack();
  sink.partition(queueOf(0)).demand(Infinity);
  const sizes: number[] = [];
  for (let round = 0; round < 6; round++) {
    for (let batch = 0; batch < 5; batch++) {
      await Promise.all(Array.from({ length: 100 }, () => stage.send("x".repeat(1_000))));
      await turns();
    }
    sizes.push(Number(stage.database.prepare("PRAGMA page_count").get()?.["page_count"]) * 4_096);
  }
  const rows = stage.database.prepare("SELECT count(*) AS count FROM messages").get()?.["count"];
  assert.ok(Number(rows) <= 300, `${rows} rows`);
  assert.ok(Math.max(...sizes) < 2 * 1024 * 1024, `pages of ${sizes} bytes`);
  assert.ok(Deno.statSync(`${stage.file.path}-wal`).size < 16 * 1024 * 1024);
  assert.equal(stage.kept().length, 200);
});

async function transportOf(stage: Stage): Promise<Transport & AsyncDisposable> {
  const transport = await stage.transport();
  return Object.assign(transport, { [Symbol.asyncDispose]: () => transport.close() });
}
