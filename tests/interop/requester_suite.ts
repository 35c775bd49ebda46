import assert from "node:assert/strict";
import {
  createSystem,
  defineEntity,
  defineService,
  method,
  RpcError,
  type System,
  type,
} from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { topicOf } from "../../src/call/plan.ts";
import { statsOf } from "../../src/services/stats.ts";
import { freshName, sharedNameServer } from "../broker/shared.ts";
import { progressOf, queueCount } from "./class_topic.ts";
import type { Program } from "./program.ts";
import { Requester, type StrangersReply } from "./requester.ts";

const TEXT = "Zürich → 東京 🚀 100 %";
/** Clients compress what is larger than 4 KiB. */
const LONG_TEXT = TEXT.repeat(400);
/** The service's own timeout, where the requester states none. */
const METHOD_TIMEOUT_MS = 7_000;

const ASK = JSON.stringify({ ask: true });
/** Clocks that show whole milliseconds, and their rounding. */
const CLOCKS_MS = 50;

/** What is particular to the client of a language. */
export interface Language {
  readonly name: string;
  /** Starts a requester. */
  start(nameServer: string, topic: string): Promise<Program>;
  /** Whether its client registers with brokers only some time after its first request: replies before that are lost. */
  readonly losesFirstReplies?: boolean;
  /** What a handler has left of the requester's timeout at most, in milliseconds: as its client writes it down. */
  readonly timeouts: readonly (readonly [requestedMs: number, leftMs: number])[];
}

type Step = (name: string, run: (at: Desk) => Promise<void>) => Promise<boolean>;

/** Our service, and a stranger that calls it. */
interface Desk {
  readonly system: System;
  readonly stranger: Requester;
  readonly nameServers: string;
}

/** What the service of the tests has seen. */
class Seen {
  readonly booked: string[] = [];
  running = 0;
  overlaps = 0;
  late = 0;
}

/** Keyed, and started at most once: what a payment would be. */
const booking = method<{ account: string; n: string }, { n: string; caller: string }>({
  key: ({ account }) => account,
});

function deskContract(name: string) {
  return defineService(freshName(name), {
    greet: method<{ name: string }, { greeting: string; caller: string }>({ safe: true }),
    refuse: method<{ name: string }, never>({ safe: true }),
    withdraw: method<{ cents: number }, never>(),
    book: booking,
    left: method<{ ask: boolean }, { leftMs: number }>({ safe: true, timeoutMs: METHOD_TIMEOUT_MS }),
  }, { errors: { Short: type<{ missing: number }>() } });
}

type DeskContract = ReturnType<typeof deskContract>;

async function serveDesk(system: System, contract: DeskContract, seen: Seen) {
  return await system.serve(contract, {
    greet: ({ name }, { caller }) => ({ greeting: `Grüezi ${name}`, caller: caller ?? "a stranger" }),
    refuse: ({ name }) => {
      throw new RpcError("failed_precondition", `${name} is closed`);
    },
    withdraw: ({ cents }, ctx) => {
      throw ctx.error("Short", { missing: cents });
    },
    book: async ({ n }, { caller }) => {
      if (++seen.running > 1) seen.overlaps++;
      await new Promise((resolve) => setTimeout(resolve, 2));
      seen.running--;
      seen.booked.push(n);
      return { n, caller: caller ?? "a stranger" };
    },
    left: (_, ctx) => ({ leftMs: ctx.remainingMs() }),
  });
}

async function untilReplied(stranger: Requester): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const { line } = await stranger.send("anything", "{}", 1_000);
    if (line.startsWith("reply ")) return;
  }
  assert.fail("Its client never registered");
}

function countOf(system: System, name: string): number {
  return statsOf(system.tree())[0]?.counts[name] ?? 0;
}

/** What a plain request to an entity must find: its key is a property, for RocketMQ has no word for it. */
export function testEntityRequests(language: Language): void {
  Deno.test(`${language.name}'s request() reaches the actor of a key`, async () => {
    const nameServers = sharedNameServer();
    const Account = defineEntity(freshName(`${language.name.toLowerCase()}_calls_entity`), {
      deposit: method<{ cents: number }, { key: string; balance: number }>(),
    });
    await using system = await createSystem({ name: "interop", transport: remoting({ nameServers }) });
    await system.serve(Account, (key) => {
      let balance = 0;
      return { deposit: ({ cents }) => ({ key, balance: balance += cents }) };
    });
    await using stranger = new Requester(await language.start(nameServers, topicOf(Account.name)));
    await stranger.ready();
    if (language.losesFirstReplies) await untilReplied(stranger);
    const { line } = await stranger.send("deposit", `{"cents":1}`);
    assert.match(line, /"invalid_argument".+'rpc-key'/);
    for (const balance of [1, 3]) {
      const reply = await stranger.ask("deposit", { cents: 1 }, 10_000, "rpc-key=Z%C3%BCrich");
      assert.deepEqual(reply, { key: "Zürich", balance });
      await system.client(Account).at("Zürich").deposit({ cents: 1 });
    }
  });
}

/** What a plain `request()` of another language's official client must find at our service. */
export function testRequests(language: Language): void {
  Deno.test(`${language.name}'s request() reaches our actor and gets its reply`, async (test) => {
    const nameServers = sharedNameServer();
    const contract = deskContract(`${language.name.toLowerCase()}_calls_us`);
    const seen = new Seen();
    await using system = await createSystem({ name: "interop", transport: remoting({ nameServers }) });
    const service = await serveDesk(system, contract, seen);
    await using stranger = new Requester(await language.start(nameServers, topicOf(contract.name)));
    await stranger.ready();
    if (language.losesFirstReplies) await untilReplied(stranger);
    const step: Step = (name, run) => test.step(name, () => run({ system, stranger, nameServers }));

    await testReplies(step, contract);
    await testKeys(step, contract, seen);
    await testTimeouts(step, language);

    await step("every request is settled, none is a dead letter", async () => {
      const [state] = system.services();
      assert.deepEqual([state?.deadLetters, state?.undelivered], [0, 0]);
      await service.stop();
      const open = (await progressOf(nameServers, contract.name)).filter(({ committed, end }) =>
        committed < end
      );
      assert.deepEqual(open, []);
    });

    await step("a request that expired while nobody served it is never run", async () => {
      assert.match((await stranger.send("book", `{"account":"a","n":"late"}`, 1_000)).line, /^error /);
      // By the time that this one is given up, the first is late beyond any difference of the clocks.
      assert.match((await stranger.send("greet", `{"name":"late"}`, 1_000)).line, /^error /);
      seen.booked.length = 0;
      const again = await serveDesk(system, contract, seen);
      assert.deepEqual(await stranger.ask("book", { account: "a", n: "in time" }), {
        n: "in time",
        caller: "a stranger",
      });
      await again.stop();
      assert.deepEqual(seen.booked, ["in time"]);
      const open = (await progressOf(nameServers, contract.name)).filter(({ committed, end }) =>
        committed < end
      );
      assert.deepEqual(open, []);
    });
  });
}

async function testReplies(step: Step, contract: DeskContract): Promise<void> {
  await step("the reply's body is the handler's output", async ({ stranger }) => {
    const { line, properties } = await stranger.send("greet", JSON.stringify({ name: TEXT }));
    assert.equal(line, `reply ${JSON.stringify({ greeting: `Grüezi ${TEXT}`, caller: "a stranger" })}`);
    assert.equal(properties.get("rpc-code"), "ok");
    assert.equal(properties.get("MSG_TYPE"), "reply");
  });

  await step("also when the client compresses it", async ({ stranger }) => {
    const reply = await stranger.ask("greet", { name: LONG_TEXT });
    assert.deepEqual(reply, { greeting: `Grüezi ${LONG_TEXT}`, caller: "a stranger" });
  });

  await step("an unknown tag is answered with an error as JSON", async ({ stranger }) => {
    const { line, properties } = await stranger.send("nonsense", "{}");
    const message = `"${contract.name}" has no method "nonsense"`;
    assert.equal(line, `reply ${JSON.stringify({ error: { code: "unimplemented", message, ran: "no" } })}`);
    assert.deepEqual([properties.get("rpc-code"), properties.get("rpc-ran")], ["unimplemented", "no"]);
  });

  await step("a handler's error is answered with an error as JSON", async ({ stranger }) => {
    const error = { code: "failed_precondition", message: `${TEXT} is closed`, ran: "yes" };
    assert.deepEqual(await stranger.ask("refuse", { name: TEXT }), { error });
  });

  await step("a declared error is answered with its name and its details", async ({ stranger }) => {
    const reply = Object(await stranger.ask("withdraw", { cents: 5 }));
    const { code, ran, declared, details } = reply.error;
    assert.deepEqual({ code, ran, declared, details }, {
      code: "failed_precondition",
      ran: "yes",
      declared: "Short",
      details: { missing: 5 },
    });
  });

  await step("a body that is no JSON is refused before any handler", async ({ stranger }) => {
    const { line, properties } = await stranger.send("greet", "no JSON");
    assert.match(line, /^reply \{"error":\{"code":"invalid_argument","message":".+","ran":"no"\}\}$/);
    assert.equal(properties.get("rpc-code"), "invalid_argument");
  });
}

async function testKeys(step: Step, contract: DeskContract, seen: Seen): Promise<void> {
  await step("a keyed request is sent on to its key's queue, and answered once", async (at) => {
    const queues = await queueCount(at.nameServers, contract.name);
    // Ours and the stranger's calls of one key, at the same time: one queue, one at a time.
    const client = at.system.client(contract);
    const ours = Promise.all(
      Array.from({ length: 200 }, (_, n) => client.book({ account: TEXT, n: `ours ${n}` })),
    );
    const names = Array.from({ length: queues }, (_, n) => `theirs ${n}`);
    for (const n of names) {
      assert.deepEqual(await at.stranger.ask("book", { account: TEXT, n }), { n, caller: "a stranger" });
    }
    await ours;
    assert.equal(seen.overlaps, 0);
    assert.equal(seen.booked.length, 200 + queues);
    assert.deepEqual(seen.booked.filter((n) => n.startsWith("theirs")), names);
    assert.deepEqual(
      seen.booked.filter((n) => n.startsWith("ours")),
      Array.from({ length: 200 }, (_, n) => `ours ${n}`),
    );
    // The client takes every queue in turn, and one of them is the key's.
    assert.equal(countOf(at.system, "sentOn"), queues - 1);
  });
}

async function testTimeouts(step: Step, { timeouts }: Language): Promise<void> {
  await step("a request may state its milliseconds by our header", async ({ stranger }) => {
    await assertLeft(900, () => stranger.send("left", ASK, 2_500, "rpc-timeout=900"));
  });

  for (const [requestedMs, leftMs] of timeouts) {
    await step(`a request with ${requestedMs} ms has ${leftMs} ms at most`, async ({ stranger }) => {
      await assertLeft(leftMs, () => stranger.send("left", ASK, requestedMs));
    });
  }
}

/**
 * Asserts that a handler has all of its time left, but for what is gone on the way to it: no more than the whole request
 * took. One that a paused machine let expire tells nothing of it, and is asked once more.
 */
async function assertLeft(limitMs: number, request: () => Promise<StrangersReply>): Promise<void> {
  for (let asked = 0; asked < 10; asked++) {
    const since = performance.now();
    const { line } = await request();
    const tookMs = performance.now() - since;
    // A handler with nothing left is not run: then its caller has waited for nothing, or hears that it expired.
    if (tookMs >= limitMs - CLOCKS_MS) continue;
    assert.match(line, /^reply \{"leftMs":/);
    const { leftMs } = JSON.parse(line.slice("reply ".length));
    assert.ok(
      leftMs <= limitMs && leftMs >= limitMs - tookMs - CLOCKS_MS,
      `${leftMs} of ${limitMs} ms are left`,
    );
    return;
  }
  assert.fail(`No request was answered within its ${limitMs} ms`);
}
