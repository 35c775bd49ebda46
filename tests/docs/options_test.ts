import assert from "node:assert/strict";
import type { ClientOptions } from "../../actors/client.ts";
import { createClient } from "../../actors/client.ts";
import * as actors from "../../actors/defaults.ts";
import type { ServeOptions, ServeSupervision } from "../../actors/serve_options.ts";
import { SUPERVISION_DEFAULTS as supervision } from "../../actors/supervision/supervision.ts";
import { createSystem, type SystemOptions } from "../../actors/system.ts";
import * as call from "../../src/call/defaults.ts";
import * as client from "../../src/client/defaults.ts";
import type { CallOptions } from "../../src/contract/call_options.ts";
import * as contract from "../../src/contract/defaults.ts";
import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { type } from "../../src/contract/schema.ts";
import type { MethodOptions, ServiceOptions, StreamOptions } from "../../src/contract/types.ts";
import * as server from "../../src/server/defaults.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import * as remoting from "../../src/transport/remoting/defaults.ts";
import type { RemotingOptions } from "../../src/transport/remoting/mod.ts";

const service = defineService("test.Defaults", { run: method(), told: method.oneway() });
const entity = defineEntity("test.Defaults", { run: method() });
const foreign = defineService("test.Defaults", { run: method() }, { foreign: true });
const run = service.methods.run.settings;
const told = service.methods.told.settings;
const failing = method({ errors: { Failed: type() } }).settings.errors.Failed;

/** The defaults that the table must state, by place: one line for each row, made from the code. */
const CONTRACT: Readonly<Record<keyof ServiceOptions, string>> = {
  codec: code(service.codec.contentType),
  errors: unless(Object.keys(run.errors)[0], "none"),
  packing: `${code(service.packing)}; foreign: ${code(foreign.packing)}`,
  indexCalls: code(JSON.stringify(service.indexCalls)),
  slots: `${service.slots}; entities: ${entity.slots}`,
  foreign: code(service.foreign),
};
const METHOD: Readonly<Record<keyof MethodOptions | keyof StreamOptions | "errors: { code }", string>> = {
  input: unless(run.input, "unchecked"),
  output: unless(run.output, "unchecked"),
  item: unless(method.stream().settings.output, "unchecked"),
  errors: unless(Object.keys(run.errors)[0], "none"),
  "errors: { code }": code(failing?.code),
  safe: code(run.safe),
  idempotent: `${code(run.idempotent)}; safe: ${code(method({ safe: true }).settings.idempotent)}`,
  key: unless(run.key, "none"),
  timeoutMs: `${unless(run.timeoutMs, "the client's")}; one-way: ${unless(told.timeoutMs, "no deadline")}`,
  minRemainingMs: ms(run.minRemainingMs),
  whenAbsent: `${code(JSON.stringify(run.whenAbsent))}; one-way: ${code(JSON.stringify(told.whenAbsent))}`,
};
const CALL: Readonly<Record<keyof CallOptions, string>> = {
  signal: "none",
  timeoutMs: "the method's, else the client's",
  headers: "none",
  idempotencyKey: "the call's id",
};
const CLIENT: Readonly<Record<keyof ClientOptions, string>> = {
  timeoutMs: ms(call.CALL_TIMEOUT_MS),
  interceptors: "none",
  instance: "whoever owns the queue",
};
const SYSTEM: Readonly<Record<keyof SystemOptions, string>> = {
  name: `required; ${code("createClient")}: ${code(await nameOfClients())}`,
  transport: "required",
  interceptors: "none",
  handlerInterceptors: "none",
  supervision: "5 within 10,000 ms",
  clock: "the machine's",
  random: "the machine's",
  randomBytes: "the machine's",
};
const SERVE: Readonly<
  Record<Exclude<keyof ServeOptions, "supervision"> | `supervision: { ${keyof ServeSupervision} }`, string>
> = {
  "supervision: { strategy }": code(supervision.strategy),
  "supervision: { intensity }": count(supervision.intensity),
  "supervision: { periodMs }": ms(supervision.periodMs),
  "supervision: { backoff }": `${
    count(supervision.backoff.initialMs)
  } ms × ${supervision.backoff.factor}, to ${ms(supervision.backoff.maxMs)}`,
  "supervision: { restart }": code(supervision.restart),
  "supervision: { shutdownMs }": ms(supervision.shutdownMs),
  "supervision: { startMs }": ms(supervision.startMs),
  "supervision: { onGiveUp }": code(supervision.onGiveUp),
  methods: "as for the whole service",
  concurrency: count(actors.FUNCTION_CONCURRENCY),
  mailboxCalls: `${count(actors.METHOD_MAILBOX.calls)}; entities: ${count(actors.ENTITY_MAILBOX.calls)}`,
  passivateAfterMs: ms(actors.PASSIVATE_AFTER_MS),
  maxCells: count(actors.MAX_CELLS),
  interceptors: "none",
  abandonAfterMs: ms(actors.ABANDON_AFTER_MS),
  timeoutMs: ms(actors.SERVE_TIMEOUT_MS),
  signal: "none",
  store: "none",
};
const TRANSPORT: Readonly<Record<keyof RemotingOptions | "broker", string>> = {
  broker: "one of its own",
  nameServers: "required",
  namespace: "none",
  credentials: "none",
  tls: code(false),
  replies: code(JSON.stringify(remoting.DEFAULT_REPLIES)),
};
const FIXED: Readonly<Record<string, string>> = {
  "longest timeout": ms(contract.MAX_TIMEOUT_MS),
  "name of a contract": `${contract.MAX_CONTRACT_NAME} characters`,
  "name of a method": `${contract.MAX_METHOD_NAME} characters`,
  "name of a declared error": `${contract.MAX_ERROR_NAME} characters`,
  "queues per master": count(contract.QUEUES_PER_MASTER),
  "body": bytes(call.MAX_BODY_BYTES),
  "headers of a message": bytes(call.MAX_HEADER_BYTES),
  "text of an error": bytes(call.MAX_ERROR_TEXT_BYTES),
  "attempts": count(call.ATTEMPTS),
  "bytes of a mailbox": `${bytes(actors.METHOD_MAILBOX.bytes)}; entities: ${
    bytes(actors.ENTITY_MAILBOX.bytes)
  }`,
  "mailboxes of a system": bytes(actors.SYSTEM_MAILBOX_BYTES),
  "grace after the deadline": ms(call.OUTCOME_GRACE_MS),
  "calls in flight": count(client.MAX_IN_FLIGHT),
  "request pack": `${count(client.PACK_CALLS)} calls, ${bytes(client.PACK_BYTES)}`,
  "reply pack": `${count(server.REPLY_PACK_CALLS)} calls, ${bytes(server.REPLY_PACK_BYTES)}`,
  "message of a stream": `${count(server.STREAM_PACK_ITEMS)} items, ${bytes(server.REPLY_PACK_BYTES)}`,
  "streams of a service": count(server.STREAMS_AT_ONCE),
  "credit of a stream": `${count(client.STREAM_ITEMS)} items, ${bytes(client.STREAM_BYTES)}`,
  "missing item of a stream": ms(client.STREAM_GAP_MS),
  "silent producer of a stream": `${ms(client.STREAM_PING_MS.initialMs)}, to ${
    ms(client.STREAM_PING_MS.maxMs)
  }`,
  "unanswered question": ms(client.STREAM_PING_LIMIT_MS),
  "reader's sign of life": ms(client.STREAM_HEARTBEAT_MS),
  "idle stream": ms(call.STREAM_IDLE_MS),
  "presence kept": ms(client.PRESENCE_KEPT_MS),
  "absence looked at again": ms(client.PRESENCE_LOOK_MS),
  "drain limit": ms(server.DRAIN_LIMIT_MS),
  "span of a queue": `${count(server.SPAN_LIMIT)} messages`,
  "duplicate window": `${count(server.WINDOW_CALLS)} calls, ${bytes(server.WINDOW_BYTES)}, ${
    ms(server.WINDOW_AGE_MS)
  }`,
  "wait in place": ms(server.IN_PLACE_MS),
  "hold of a queue": ms(server.MAX_HOLD_MS),
  "hold of a pack": ms(server.PACK_HOLD_MS),
  "lease in a store": ms(server.STORE_LEASE_MS),
  "answer of a store": ms(server.STORE_LIMIT_MS),
  "expired calls answered": ms(server.EXPIRED_ANSWERED_MS),
  "clock skew reported": ms(server.CLOCK_SKEW_MS),
  "replies to one plain requester": count(server.PLAIN_REPLIES_AT_ONCE),
  "pushes to one of ours": count(remoting.PUSHES_TO_OURS),
  "pushes at one broker": count(remoting.PUSHES_AT_BROKER),
  "unanswered push": ms(remoting.PUSH_UNANSWERED_MS),
  "wait for a push": ms(remoting.PUSH_WAIT_MS),
  "silent receiver": ms(remoting.PUSH_AGAIN_AFTER_MS),
  "sign of life": ms(remoting.PROBE_INTERVAL_MS),
  "owner's limit": ms(remoting.OWNER_LIMIT_MS),
  "taker's grace": ms(remoting.TAKEOVER_GRACE_MS),
  "locks renewed": ms(remoting.RELOCK_INTERVAL_MS),
};

const PLACES = {
  contract: CONTRACT,
  method: METHOD,
  call: CALL,
  client: CLIENT,
  system: SYSTEM,
  serve: SERVE,
  transport: TRANSPORT,
  fixed: FIXED,
};

Deno.test("options.md has one row for every option, with the default that the code has", async () => {
  const expected = Object.entries(PLACES).flatMap(([place, rows]) =>
    Object.entries(rows).map(([option, value]) => `${place} | ${option} | ${value}`)
  );
  const rows = await table();
  const stated = rows.map(({ place, option, value }) => `${place} | ${option} | ${value}`);
  assert.deepEqual(stated.toSorted(), expected.toSorted());
});

Deno.test("options.md states a level and a meaning for every option", async () => {
  const rows = await table();
  assert.ok(rows.length > 40, `only ${rows.length} rows were found`);
  for (const { option, level, meaning } of rows) {
    assert.match(level, /^(shared|caller|callee|instance)$/, option);
    assert.ok(meaning.length > 10, option);
  }
});

interface Row {
  readonly option: string;
  readonly place: string;
  readonly level: string;
  readonly value: string;
  readonly meaning: string;
}

/** The rows of the one table, without its head. Options are code in the table and names here. */
async function table(): Promise<Row[]> {
  const text = await Deno.readTextFile(new URL("../../docs/options.md", import.meta.url));
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) => {
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    const [option = "", place = "", level = "", value = "", meaning = "", ...more] = cells;
    assert.deepEqual(more, [], `a row with too many cells: ${line}`);
    return { option: option.replaceAll("`", ""), place, level, value, meaning };
  });
}

/** What stands before the slash in `ctx.caller` of a client that was given no name. */
async function nameOfClients(): Promise<string> {
  const broker = embeddedBroker();
  try {
    await using system = await createSystem({ name: "test", transport: embedded(broker) });
    await using caller = await createClient({ transport: embedded(broker) });
    const Who = defineService("test.Who", { ask: method<void, string>() });
    await system.serve(Who, { ask: (_, ctx) => ctx.caller ?? "" });
    return (await caller.client(Who).ask()).split("/")[0] ?? "";
  } finally {
    broker.close();
  }
}

function code(value: unknown): string {
  return `\`${String(value)}\``;
}

/** The word for a default that is nothing. */
function unless(value: unknown, word: string): string {
  return value === undefined ? word : String(value);
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function ms(value: number): string {
  return `${count(value)} ms`;
}

function bytes(value: number): string {
  return value % (1024 * 1024) === 0 ? `${value / 1024 / 1024} MiB` : `${value / 1024} KiB`;
}
