import assert from "node:assert/strict";
import { type Client, createClient, defineService, method, RpcError, type } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { topicOf } from "../../src/call/plan.ts";
import { freshName, sharedNameServer } from "../broker/shared.ts";
import { makeTopic } from "./class_topic.ts";
import type { Program } from "./program.ts";

/** A program may have to be compiled first. */
const START_MS = 120_000;
/** A client that hears of its group too late looks for its queues 20 to 30 s later. */
const ANSWER_MS = 60_000;
const TEXT = "Zürich → 東京 🚀 100 %";
/** Clients compress what is larger than 4 KiB. */
const LONG_TEXT = TEXT.repeat(400);

/** What is particular to the client of a language. */
export interface Language {
  readonly name: string;
  /** Starts a responder. */
  start(nameServer: string, topic: string, group: string): Promise<Program>;
}

function echoContract(name: string) {
  return defineService(freshName(name), {
    echo: method<{ text: string }, { echo: { text: string } }>(),
    refuse: method<{ text: string }, never>(),
    declare: method<{ text: string }, never>(),
    silent: method<{ text: string }, never>(),
  }, { foreign: true, errors: { Short: type<{ missing: number }>() } });
}

type EchoContract = ReturnType<typeof echoContract>;

/** What our proxy of a foreign contract must get from a plain responder on another language's official client. */
export function testResponses(language: Language): void {
  Deno.test(`a proxy of a foreign contract reaches a ${language.name} responder`, async (test) => {
    const nameServers = sharedNameServer();
    const Echo = echoContract(`we_call_${language.name.toLowerCase()}`);
    const topic = topicOf(Echo.name);
    await makeTopic(nameServers, Echo.name);
    await using responder = await language.start(nameServers, topic, `${topic}-group`);
    assert.equal(await responder.nextLine(START_MS), "ready");
    await using caller = await createClient({ transport: remoting({ nameServers }) });
    const client = caller.client(Echo, { timeoutMs: ANSWER_MS });

    await test.step("and gets what it answered", async () => {
      assert.deepEqual(await client.echo({ text: TEXT }), { echo: { text: TEXT } });
      assert.equal(await responder.nextLine(ANSWER_MS), `got echo ${JSON.stringify({ text: TEXT })}`);
    });

    await test.step("also when it is long", async () => {
      assert.deepEqual(await client.echo({ text: LONG_TEXT }), { echo: { text: LONG_TEXT } });
    });

    await test.step("also when many calls are under way", async () => {
      const texts = Array.from({ length: 100 }, (_, index) => `${TEXT} ${index}`);
      const answers = await Promise.all(texts.map((text) => client.echo({ text })));
      assert.deepEqual(answers.map((answer) => answer.echo.text), texts);
    });

    await testErrors((name, run) => test.step(name, run), client, Echo);
  });
}

async function testErrors(
  step: (name: string, run: () => Promise<void>) => Promise<boolean>,
  client: Client<EchoContract>,
  Echo: EchoContract,
): Promise<void> {
  const failureOf = async (call: Promise<unknown>): Promise<RpcError> => {
    const failure = await call.then(() => undefined, RpcError.from);
    assert.ok(failure !== undefined, "It did not fail");
    return failure;
  };

  await step("an error that it states by properties is the call's", async () => {
    const { code, outcome, message } = await failureOf(client.refuse({ text: TEXT }));
    assert.deepEqual([code, outcome, message], ["failed_precondition", "rejected", "closed for today"]);
  });

  await step("one that the contract declares has its details", async () => {
    const failure = await failureOf(client.declare({ text: TEXT }));
    assert.deepEqual([failure.code, failure.outcome], ["failed_precondition", "replied"]);
    assert.ok(failure.is(Echo, "Short"));
    assert.deepEqual(failure.details, { missing: 5 });
  });

  await step("a call that it never answers ends with its timeout, its fate unknown", async () => {
    const timeoutMs = 3_000;
    const begin = performance.now();
    const { code, outcome } = await failureOf(client.silent({ text: TEXT }, { timeoutMs }));
    const took = performance.now() - begin;
    assert.deepEqual([code, outcome], ["deadline_exceeded", "sent_unknown"]);
    assert.ok(took >= timeoutMs && took < timeoutMs + 5_000, `took ${took} ms`);
  });
}
