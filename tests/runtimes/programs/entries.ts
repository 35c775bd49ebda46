/**
 * One use of every entry point, for runtimes other than Deno; the rest of the library runs in the examples.
 *
 *     node entries.js PEER CA
 *
 * PEER answers requests with their bodies, over TLS with a certificate of the authority in the file CA.
 */
// deno-lint-ignore-file no-console -- a program that talks to its test
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createSystem, defineService, embedded, json, method } from "rocket-actors";
import { msgpack } from "rocket-actors/codec/msgpack";
import { protobuf } from "rocket-actors/codec/protobuf";
import { contractFromProto, type ProtoMethod } from "rocket-actors/protobuf";
import { RocketMqClient } from "rocket-actors/rocketmq";
import { sqliteStore } from "rocket-actors/store/sqlite";
import { simulate, testClient } from "rocket-actors/testing";

const [peer = "", ca = ""] = process.argv.slice(2);

const Payments = defineService("bank.Payments", {
  transfer: method<{ cents: bigint }, { receipt: Uint8Array }>({ idempotent: true }),
});
const transfer = () => ({ receipt: crypto.getRandomValues(new Uint8Array(300)) });

function codecs(): void {
  const value = { proof: Uint8Array.of(0, 1, 254, 255), cents: 12n, at: new Date(0), zero: -0 };
  for (const codec of [json, msgpack]) assert.deepEqual(codec.decode(codec.encode(value)), value);
  assert.throws(() => json.decode(new TextEncoder().encode('{"$rpc:bytes":"AQI"}')), /base64 with padding/);
  const types = protobuf('syntax = "proto3"; message M { int64 n = 1; }', { m: { input: "M" } });
  const place = { contract: "x", method: "m", part: "input" } as const;
  assert.deepEqual(types.decode(types.encode({ n: 2n ** 62n }, place), place), { n: 2n ** 62n });
}

async function protoContract(): Promise<void> {
  interface Cents {
    readonly cents: bigint;
  }
  const Fees = contractFromProto<{ readonly fee: ProtoMethod<Cents, Cents> }>(`
    syntax = "proto3";
    message Cents { int64 cents = 1; }
    service Fees { rpc Fee (Cents) returns (Cents); }
  `);
  await using system = await createSystem({ name: "bank", transport: embedded() });
  await system.serve(Fees, { fee: (cents) => cents });
  assert.deepEqual(await system.client(Fees).fee({ cents: 5 }), { cents: 5n });
}

async function store(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "rocket-actors-runtime-"));
  try {
    await using outcomes = sqliteStore(join(folder, "outcomes.db"));
    await using system = await createSystem({ name: "bank", transport: embedded() });
    await system.serve(Payments, { transfer }, { store: outcomes });
    const payments = system.client(Payments);
    const first = await payments.transfer({ cents: 5n }, { idempotencyKey: "one" });
    assert.deepEqual(await payments.transfer({ cents: 5n }, { idempotencyKey: "one" }), first);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function testing(): Promise<void> {
  await using payments = testClient(Payments, { transfer });
  assert.equal((await payments.transfer({ cents: 5n })).receipt.length, 300);
  const run = await simulate({ seed: 1 }, async (world) => {
    const began = world.clock.now();
    await new Promise<void>((resolve) => void world.clock.after(60_000, resolve));
    return world.clock.now() - began;
  });
  assert.equal(run.value, 60_000);
}

async function tls(): Promise<void> {
  const tls = { ca: await readFile(ca, "utf8") };
  await using client = new RocketMqClient({ nameServers: peer, clientId: "runtime", tls });
  const body = new Uint8Array(2 * 1024 * 1024).map((_, index) => index % 251);
  const answer = await client.request(peer, { code: 7, fields: {}, body }, { timeoutMs: 20_000 });
  assert.ok(body.every((byte, index) => byte === answer.body[index]));
  await using stranger = new RocketMqClient({ nameServers: peer, clientId: "stranger", tls: true });
  await assert.rejects(stranger.request(peer, { code: 7, fields: {} }), /no authority trusted here/);
}

codecs();
await protoContract();
await store();
await testing();
await tls();
console.log("every entry point works");
