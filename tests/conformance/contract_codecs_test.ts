import assert from "node:assert/strict";
import { createSystem } from "../../actors/system.ts";
import type { Codec } from "../../src/codec/codec.ts";
import { json } from "../../src/codec/json.ts";
import { msgpack } from "../../src/codec/msgpack.ts";
import { protobuf } from "../../src/codec/protobuf.ts";
import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { type } from "../../src/contract/schema.ts";
import { ENVELOPE_VERSION, HEADER } from "../../src/envelope/headers.ts";
import { readReply } from "../../src/envelope/reply.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { until } from "../helpers/settled.ts";

const SCHEMA = `
  syntax = "proto3";
  message Money { int64 cents = 1; bytes proof = 2; }
  message Short { int64 missing = 1; }
`;
const codecs: readonly Codec[] = [
  json,
  msgpack,
  protobuf(SCHEMA, {
    double: { input: "Money", output: "Money", errors: { Short: "Short" } },
    tell: { input: "Money" },
    split: { input: "Money", output: "Money", errors: { Short: "Short" } },
  }),
];

interface Money {
  readonly cents: bigint;
  readonly proof: Uint8Array;
}
const Short = type<{ missing: bigint }>();
const methods = {
  double: method<Money, Money, { Short: { missing: bigint } }>({ errors: { Short } }),
  tell: method.oneway<Money>(),
  split: method.stream<Money, Money, { Short: { missing: bigint } }>({ errors: { Short } }),
};
const money = (cents: bigint): Money => ({ cents, proof: Uint8Array.of(1, 2, 3) });

for (const codec of codecs) {
  const Service = defineService("test.Coded", methods, { codec });
  const Account = defineEntity("test.CodedAccount", methods, { codec });
  const handlers = (told: Money[]) => ({
    double: (
      { cents, proof }: Money,
      ctx: { error(name: "Short", details: { missing: bigint }): RpcError },
    ) => {
      if (cents < 0n) throw ctx.error("Short", { missing: -cents });
      return { cents: cents * 2n, proof };
    },
    tell: (input: Money) => void told.push(input),
    *split(
      { cents, proof }: Money,
      ctx: { error(name: "Short", details: { missing: bigint }): RpcError },
    ) {
      for (let part = 1n; part <= 3n; part++) yield { cents: cents * part, proof };
      throw ctx.error("Short", { missing: cents });
    },
  });

  Deno.test(`a contract in ${codec.contentType} carries the items of a stream, and the error that ends it, exactly`, async () => {
    await using system = await createSystem({ name: "test", transport: embedded() });
    await system.serve(Service, handlers([]));
    const huge = 2n ** 60n + 1n;
    const items: Money[] = [];
    const failure = await (async () => {
      for await (const item of system.client(Service).split(money(huge))) items.push(item);
    })().then(() => assert.fail(), RpcError.from);
    assert.deepEqual(items, [money(huge), money(2n * huge), money(3n * huge)]);
    assert.deepEqual([failure.declared, failure.details], ["Short", { missing: huge }]);
  });

  Deno.test(`a contract in ${codec.contentType} carries inputs, outputs, details and one-way calls exactly`, async () => {
    await using system = await createSystem({ name: "test", transport: embedded() });
    const told: Money[] = [];
    await system.serve(Service, handlers(told));
    await system.serve(Account, () => handlers(told));
    const huge = 2n ** 62n + 1n;
    for (const calls of [system.client(Service), system.client(Account).at("acc-1")]) {
      assert.deepEqual(await calls.double(money(huge / 2n)), {
        cents: huge - 1n,
        proof: Uint8Array.of(1, 2, 3),
      });
      const failure = await calls.double(money(-huge)).then(() => assert.fail(), RpcError.from);
      assert.equal(failure.declared, "Short");
      assert.deepEqual(failure.details, { missing: huge });
      await calls.tell(money(5n));
    }
    await until(() => told.length === 2);
    assert.deepEqual(told, [money(5n), money(5n)]);
  });

  Deno.test(`a body that is no ${codec.contentType} is answered invalid_argument and never reaches a handler`, async () => {
    const broker = embeddedBroker();
    await using system = await createSystem({ name: "test", transport: embedded(broker) });
    let runs = 0;
    await system.serve(Service, {
      double: (input) => (runs++, input),
      tell: () => void runs++,
      split: () => (runs++, []),
    });
    const stranger = embedded(broker);
    await stranger.start({ clock: new ManualClock(), random: () => 0.5, instance: 77 });
    const answers: string[] = [];
    stranger.onDirect(({ headers, body }) => {
      const reply = readReply(headers, headers, body);
      if (reply?.ok === false) answers.push(`${reply.error.code}/${reply.error.outcome}`);
    });
    const [queue] = await stranger.queues("test-Coded");
    assert.ok(queue !== undefined);
    const headers = new Map([
      [HEADER.version, ENVELOPE_VERSION],
      [HEADER.kind, "request"],
      [HEADER.id, "c1"],
      [HEADER.type, codec.contentType],
      [HEADER.reply, stranger.addresses.reply],
      [HEADER.deadline, String(Date.now() + 5_000)],
      [HEADER.timeout, "5000"],
    ]);
    const body = Uint8Array.of(0xc1, 0xff, 0x07);
    await stranger.send({ topic: "test-Coded", tag: "double", keys: ["c1"], headers, body }, { queue });
    await until(() => answers.length > 0);
    assert.deepEqual([answers, runs], [["invalid_argument/rejected"], 0]);
    await stranger.close();
    broker.close();
  });
}
