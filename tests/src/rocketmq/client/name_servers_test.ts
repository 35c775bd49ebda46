import assert from "node:assert/strict";
import { NameServers, type SendRequest } from "../../../../src/rocketmq/client/name_servers.ts";
import { RocketMqError } from "../../../../src/rocketmq/error.ts";
import { RequestCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { Command } from "../../../../src/rocketmq/remote/command.ts";
import { routeAnswer } from "../../../fault/scripted_name_server.ts";
import { ScriptedPeer } from "../../../fault/scripted_peer.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { turns } from "../../../helpers/settled.ts";
import { newClient, NOBODY } from "./client_fixture.ts";

const REQUEST = { code: RequestCode.GET_ROUTEINFO_BY_TOPIC, fields: {} };

function answerOf(code: number, fields: Record<string, string> = {}): Command {
  return {
    code,
    flag: 1,
    opaque: 0,
    language: "JAVA",
    version: 1,
    remark: undefined,
    fields,
    body: new Uint8Array(),
  };
}

/** Name servers by what they do: answer with that code or those fields, refuse connections, or stay silent. */
type Behaviour = number | Record<string, string> | "dead" | "silent";

class Fixture {
  readonly clock = new ManualClock();
  readonly asked: string[] = [];
  readonly behaviours: Map<string, Behaviour>;
  readonly servers: NameServers;
  readonly #late = new Map<string, (answer: Command) => void>();

  constructor(behaviours: Readonly<Record<string, Behaviour>>, random: () => number = () => 0) {
    this.behaviours = new Map(
      Object.entries(behaviours).map(([name, behaviour]) => [`${name}:1`, behaviour]),
    );
    const send: SendRequest = (address) => this.#send(address);
    this.servers = new NameServers([...this.behaviours.keys()].join(";"), {
      send,
      random,
      schedule: (ms, callback) => this.clock.after(ms, callback),
    });
  }

  /** Who answers a request, and who was asked for it. */
  async ask(): Promise<[by: string, asked: string]> {
    this.asked.length = 0;
    const { address } = await this.servers.request(REQUEST);
    return [address.slice(0, 1), this.names];
  }

  get names(): string {
    return this.asked.map((address) => address.slice(0, 1)).join("");
  }

  /** The silent one answers after all. */
  answerLate(name: string): void {
    this.#late.get(`${name}:1`)?.(answerOf(0));
  }

  #send(address: string): Promise<Command> {
    this.asked.push(address);
    const behaviour = this.behaviours.get(address);
    if (behaviour === "dead") {
      return Promise.reject(new RocketMqError("not_sent", `Cannot connect to ${address}`, { address }));
    }
    if (behaviour === "silent") return new Promise((resolve) => this.#late.set(address, resolve));
    if (typeof behaviour === "object") return Promise.resolve(answerOf(0, behaviour));
    return Promise.resolve(answerOf(behaviour ?? 0));
  }
}

Deno.test("NameServers are asked in an order that chance decides, once", async () => {
  const first = async (random: number) => (await new Fixture({ a: 0, b: 0, c: 0 }, () => random).ask())[0];
  assert.deepEqual([await first(0), await first(0.5), await first(0.99)], ["a", "b", "c"]);
  let count = 0;
  const at = new Fixture({ a: "dead", b: "dead", c: "dead" }, () => [0.5, 0.99, 0][count++] ?? 0);
  for (let round = 0; round < 2; round++) {
    await assert.rejects(at.ask());
    assert.equal(at.names, "bca");
  }
  assert.deepEqual(at.servers.addresses, ["a:1", "b:1", "c:1"]);
});

Deno.test("NameServers pass over one that is dead and one that is none, and stay with the one that answers", async () => {
  for (const wrong of [1, 2, 3, 14, 1_500]) {
    const at = new Fixture({ a: "dead", b: wrong, c: 0 });
    assert.deepEqual(await at.ask(), ["c", "abc"]);
    assert.deepEqual(await at.ask(), ["c", "c"]);
    at.behaviours.set("c:1", "dead");
    at.behaviours.set("a:1", 0);
    assert.deepEqual(await at.ask(), ["a", "ca"]);
    assert.equal(at.clock.timers, 0);
  }
});

Deno.test("NameServers ask the next one beside one that has been silent for a second, and take whichever answers", async () => {
  const at = new Fixture({ a: "silent", b: 0 });
  const asking = at.ask();
  at.clock.advance(999);
  await turns();
  assert.equal(at.names, "a");
  at.clock.advance(1);
  assert.deepEqual(await asking, ["b", "ab"]);
  assert.deepEqual(await at.ask(), ["b", "b"], "the quick one is stayed with");
  const slow = new Fixture({ a: "silent", b: "dead", c: "silent" });
  const waiting = slow.ask();
  slow.clock.advance(1_000);
  await turns();
  assert.equal(slow.names, "abc");
  slow.answerLate("a");
  assert.deepEqual(await waiting, ["a", "abc"]);
  slow.answerLate("c");
  assert.equal(slow.clock.timers, 0);
});

Deno.test("NameServers say what each of them did when none gives an answer to go by", async () => {
  const at = new Fixture({ a: "dead", b: 3 });
  await assert.rejects(at.ask(), {
    kind: "refused",
    responseCode: 3,
    message:
      "No name server gave an answer to go by: Cannot connect to a:1; b:1 answered 3 REQUEST_CODE_NOT_SUPPORTED",
  });
  await assert.rejects(new Fixture({ a: "dead", b: "dead" }).ask(), { kind: "not_sent" });
  await assert.rejects(new Fixture({ a: "dead" }).ask(), {
    kind: "not_sent",
    message: "Cannot connect to a:1",
  });
});

Deno.test("NameServers.request() asks the others when an answer will not do, and falls back on it", async () => {
  const accepts = ({ code }: Command) => code !== 17;
  const at = new Fixture({ a: 17, b: 0 });
  assert.equal((await at.servers.request(REQUEST, { accepts })).address, "b:1");
  at.behaviours.set("b:1", "dead");
  const { address, response } = await at.servers.request(REQUEST, { accepts });
  assert.deepEqual([address, response.code], ["a:1", 17]);
});

Deno.test("NameServers.request() rejects with the signal's reason and asks nobody further", async () => {
  const at = new Fixture({ a: "dead", b: 0 });
  const reason = new Error("enough");
  const controller = new AbortController();
  const send: SendRequest = () => {
    controller.abort(reason);
    return Promise.reject(reason);
  };
  const schedule = (ms: number, callback: () => void) => at.clock.after(ms, callback);
  const servers = new NameServers("a:1;b:1", { send, schedule });
  await assert.rejects(servers.request(REQUEST, { signal: controller.signal }), (error) => error === reason);
  assert.equal(at.clock.timers, 0);
});

Deno.test("NameServers.getValues() tells what each one holds, and does not wait for a slow one longer than told", async () => {
  const at = new Fixture({ a: { value: "1" }, b: 22, c: "dead", d: 16, e: "silent" });
  const reading = at.servers.getValues("n", "k", { graceMs: 250 });
  await turns();
  at.clock.advance(249);
  await turns();
  at.clock.advance(1);
  const held = await reading;
  assert.deepEqual([held.get("a:1"), held.has("b:1"), held.get("b:1")], ["1", true, undefined]);
  const kinds = ["c:1", "d:1"].map((address) => {
    const value = held.get(address);
    return value instanceof RocketMqError ? value.kind : value;
  });
  assert.deepEqual([kinds, held.has("e:1"), at.clock.timers], [["not_sent", "refused"], false, 0]);
});

Deno.test("NameServers of a client get past one that is dead, one that is wrong and one that is slow, in time", async () => {
  await using http = new ScriptedPeer(async (session) => {
    await session.next();
    await session.raw(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
  });
  await using slow = new ScriptedPeer((session) => session.serve(() => undefined));
  await using good = new ScriptedPeer((session) => session.serve(() => routeAnswer([])));
  const nameServers = [NOBODY, http.address, slow.address, good.address].join(";");
  // Far more than a slow machine takes, far less than the slow one would be waited for.
  await using client = newClient(nameServers, { requestTimeoutMs: 60_000 });
  const since = performance.now();
  assert.equal((await client.route("T")).topic, "T");
  assert.ok(performance.now() - since < 20_000);
  assert.equal((await client.route("U")).topic, "U");
  assert.deepEqual([slow.sessions.length, good.sessions.length], [1, 1]);
});

Deno.test("NameServers go to the next when one fails, and stay there", async () => {
  await using peer = new ScriptedPeer((session) =>
    session.serve(() => routeAnswer([{ name: "b", address: "1.2.3.4:1", queues: 1 }]))
  );
  await using client = newClient(`${NOBODY}; ${peer.address}`);
  assert.deepEqual(client.nameServers.addresses, [NOBODY, peer.address]);
  assert.equal((await client.route("T")).topic, "T");
  assert.equal((await client.route("U")).topic, "U");
  await assert.rejects(client.nameServers.putValue("n", "k", "v"), { kind: "not_sent", address: NOBODY });
  await using lost = newClient(`${NOBODY};127.0.0.1:2`);
  await assert.rejects(lost.route("T"), { kind: "not_sent", address: "127.0.0.1:2" });
});

Deno.test("NameServers go to the next when one does not answer", async () => {
  await using mute = new ScriptedPeer((session) => session.serve(() => undefined));
  await using peer = new ScriptedPeer((session) =>
    session.serve(() => ({ code: 0, fields: { value: "v" } }))
  );
  await using client = newClient(`${mute.address};${peer.address}`, { requestTimeoutMs: 500 });
  assert.equal(await client.nameServers.getValue("n", "k"), "v");
});
