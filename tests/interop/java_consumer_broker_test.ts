/** A plain Java consumer with a group of its own beside our service: what it sees, on a real broker. */
import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { topicOf } from "../../src/call/plan.ts";
import { decodePack } from "../../src/envelope/pack.ts";
import { freshName, sharedNameServer } from "../broker/shared.ts";
import { startJava } from "./java.ts";
import type { Program } from "./program.ts";

const START_MS = 60_000;
const MESSAGE_MS = 60_000;
const BURST = 200;

/** A message as the Java consumer prints it. */
interface Seen {
  readonly tag: string;
  readonly body: Uint8Array;
  readonly properties: Readonly<Record<string, string>>;
}

async function nextOf(consumer: Program): Promise<Seen> {
  const { tag, body, properties } = Object(JSON.parse(await consumer.nextLine(MESSAGE_MS)));
  return { tag, body: Uint8Array.fromBase64(body), properties };
}

function keysOf({ properties }: Seen): string[] {
  return (properties["KEYS"] ?? "").split(" ");
}

Deno.test("a plain Java consumer reads the class topic beside our service", async (test) => {
  const nameServers = sharedNameServer();
  const contract = defineService(freshName("read_by_java"), {
    quote: method<{ cents: number }, { fee: number }>({ safe: true }),
    transfer: method<{ from: string }, { receipt: string }>(),
  });
  const topic = topicOf(contract.name);
  await using system = await createSystem({ name: "bank", transport: remoting({ nameServers }) });
  await system.serve(contract, {
    quote: ({ cents }) => ({ fee: cents * 2 }),
    transfer: (_, ctx) => ({ receipt: ctx.idempotencyKey }),
  });
  await using all = await startJava("Consumer", [nameServers, topic, `${topic}-audit`, "*"]);
  await using transfers = await startJava("Consumer", [nameServers, topic, `${topic}-transfers`, "transfer"]);
  for (const consumer of [all, transfers]) assert.equal(await consumer.nextLine(START_MS), "ready");
  await using caller = await createClient({ name: "shop", transport: remoting({ nameServers }) });
  const client = caller.client(contract);

  await test.step("a single call is a message: method as tag, id as key, input as body, headers as properties", async () => {
    const { receipt } = await client.transfer({ from: "Zürich" });
    for (const consumer of [all, transfers]) {
      const seen = await nextOf(consumer);
      assert.deepEqual([seen.tag, keysOf(seen)], ["transfer", [receipt]]);
      assert.equal(new TextDecoder().decode(seen.body), `{"from":"Zürich"}`);
      const { "rpc-kind": kind, "rpc-type": type, "rpc-from": from } = seen.properties;
      assert.deepEqual([kind, type], ["request", "application/json"]);
      assert.match(from ?? "", /^shop\//);
    }
  });

  await test.step("calls made together are packs: all their ids as keys, all of them in one body", async () => {
    const fees = await Promise.all(Array.from({ length: BURST }, (_, cents) => client.quote({ cents })));
    assert.deepEqual(fees.map(({ fee }) => fee), Array.from({ length: BURST }, (_, cents) => cents * 2));
    const ids: string[] = [];
    let packs = 0;
    while (ids.length < BURST) {
      const seen = await nextOf(all);
      assert.equal(seen.tag, "quote");
      ids.push(...keysOf(seen));
      if (seen.properties["rpc-kind"] !== "pack") continue;
      packs++;
      const entries = decodePack(seen.body);
      assert.deepEqual(entries.map(({ headers }) => headers.get("rpc-id")), keysOf(seen));
      assert.match(new TextDecoder().decode(entries[0]?.body), /^\{"cents":\d+\}$/);
    }
    assert.deepEqual([ids.length, new Set(ids).size], [BURST, BURST]);
    assert.ok(packs > 0);
  });

  await test.step("a consumer of one tag gets that method's calls only", async () => {
    const { receipt } = await client.transfer({ from: "b" });
    assert.deepEqual(keysOf(await nextOf(transfers)), [receipt]);
  });

  await test.step("and our service has answered each call once", () => {
    const [state] = system.services();
    assert.deepEqual([state?.deadLetters, state?.undelivered], [0, 0]);
  });
});
