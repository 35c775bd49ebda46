/** The official Java client on one side, ours on the other, on a real broker. */
import assert from "node:assert/strict";
import { createClient, createSystem, defineService, method, RpcError } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { freshName, sharedNameServer } from "../broker/shared.ts";
import { startJava } from "./java.ts";

/** Java compiles its program first. */
const JAVA_START_MS = 60_000;
const ANSWER_MS = 15_000;
const TEXT = "Zürich → 東京 🚀 100 %";

/** The topic that the contract's calls are stored in. */
function topicOf(contract: string): string {
  return contract.replaceAll(".", "-");
}

Deno.test("a Java program's request() reaches our actor and gets its reply", async (t) => {
  const nameServers = sharedNameServer();
  const Greeter = defineService(freshName("java_calls_us"), {
    greet: method<{ name: string }, { greeting: string; caller: string }>({ safe: true }),
    refuse: method<{ name: string }, never>({ safe: true }),
  });
  await using system = await createSystem({ name: "interop", transport: remoting({ nameServers }) });
  await system.serve(Greeter, {
    greet: ({ name }, { caller }) => ({ greeting: `Grüezi ${name}`, caller: caller ?? "a stranger" }),
    refuse: ({ name }) => {
      throw new RpcError("failed_precondition", `${name} is closed`);
    },
  });
  await using java = await startJava("Requester", [nameServers, topicOf(Greeter.name), "10000"]);
  assert.equal(await java.nextLine(JAVA_START_MS), "ready");

  const request = async (tag: string, body: string) => {
    await java.writeLine(`${tag} ${body}`);
    const reply = await java.nextLine(ANSWER_MS);
    const properties = await java.nextLine(ANSWER_MS);
    assert.match(properties, /^properties \{/);
    const parsed: unknown = JSON.parse(properties.slice("properties ".length));
    return { reply, properties: parsed };
  };

  await t.step("the reply's body is the handler's output", async () => {
    const { reply, properties } = await request("greet", JSON.stringify({ name: TEXT }));
    assert.equal(reply, `reply ${JSON.stringify({ greeting: `Grüezi ${TEXT}`, caller: "a stranger" })}`);
    assert.equal(value(properties, "rpc-code"), "ok");
    assert.equal(value(properties, "MSG_TYPE"), "reply");
  });

  await t.step("an unknown tag is answered with an error as JSON", async () => {
    const { reply, properties } = await request("nonsense", "{}");
    const message = `"${Greeter.name}" has no method "nonsense"`;
    assert.equal(reply, `reply ${JSON.stringify({ error: { code: "unimplemented", message, ran: "no" } })}`);
    assert.equal(value(properties, "rpc-code"), "unimplemented");
    assert.equal(value(properties, "rpc-ran"), "no");
  });

  await t.step("a handler's error is answered with an error as JSON", async () => {
    const { reply } = await request("refuse", JSON.stringify({ name: TEXT }));
    const error = { code: "failed_precondition", message: `${TEXT} is closed`, ran: "yes" };
    assert.equal(reply, `reply ${JSON.stringify({ error })}`);
  });

  await t.step("a body that is no JSON is refused before any handler", async () => {
    const { reply, properties } = await request("greet", "no JSON");
    assert.match(reply, /^reply \{"error":\{"code":"invalid_argument","message":".+","ran":"no"\}\}$/);
    assert.equal(value(properties, "rpc-code"), "invalid_argument");
  });

  await t.step("every request is settled", () => {
    assert.equal(system.services()[0]?.deadLetters, 0);
    assert.equal(system.services()[0]?.undelivered, 0);
  });
});

Deno.test("a proxy of a foreign contract reaches a Java responder", async (t) => {
  const nameServers = sharedNameServer();
  const Echo = defineService(
    freshName("we_call_java"),
    { echo: method<{ text: string }, { echo: { text: string } }>() },
    { foreign: true },
  );
  const topic = topicOf(Echo.name);
  await using java = await startJava("Responder", [nameServers, topic, `${topic}-group`]);
  assert.equal(await java.nextLine(JAVA_START_MS), "ready");
  await using client = await createClient({ transport: remoting({ nameServers }) });
  const echo = client.client(Echo, { timeoutMs: ANSWER_MS }).echo;

  await t.step("and gets what it answered", async () => {
    assert.deepEqual(await echo({ text: TEXT }), { echo: { text: TEXT } });
    assert.equal(await java.nextLine(ANSWER_MS), `got echo ${JSON.stringify({ text: TEXT })}`);
  });

  await t.step("also when many calls are under way", async () => {
    const texts = Array.from({ length: 100 }, (_, index) => `${TEXT} ${index}`);
    const answers = await Promise.all(texts.map((text) => echo({ text })));
    assert.deepEqual(answers.map((answer) => answer.echo.text), texts);
  });
});

Deno.test("a foreign call that nobody answers ends with its timeout", async () => {
  const nameServers = sharedNameServer();
  const Silent = defineService(freshName("nobody"), { ask: method<void, void>() }, { foreign: true });
  // A system of ours made the topic; a foreign contract's own belongs to whoever serves it.
  await using owner = await createSystem({ name: "owner", transport: remoting({ nameServers }) });
  const Served = defineService(Silent.name, { ask: method<void, void>() });
  await (await owner.serve(Served, { ask: () => {} })).stop();

  await using client = await createClient({ transport: remoting({ nameServers }) });
  const timeoutMs = 1_000;
  const begin = performance.now();
  await assert.rejects(client.client(Silent, { timeoutMs }).ask(), (error) => {
    const failure = RpcError.from(error);
    assert.deepEqual([failure.code, failure.outcome], ["deadline_exceeded", "sent_unknown"]);
    return true;
  });
  const took = performance.now() - begin;
  assert(took >= timeoutMs && took < timeoutMs + 1_000, `took ${took} ms`);
});

Deno.test("a foreign call to a topic that does not exist is known not to be sent", async () => {
  const Missing = defineService(freshName("missing"), { ask: method<void, void>() }, { foreign: true });
  await using client = await createClient({ transport: remoting({ nameServers: sharedNameServer() }) });
  await assert.rejects(client.client(Missing, { timeoutMs: 1_000 }).ask(), (error) => {
    assert.equal(RpcError.from(error).outcome, "not_sent");
    return true;
  });
});

function value(properties: unknown, name: string): unknown {
  assert(typeof properties === "object" && properties !== null);
  return new Map<string, unknown>(Object.entries(properties)).get(name);
}
