import assert from "node:assert/strict";
import { RocketMqClient } from "../../../../src/rocketmq/client/client.ts";
import { RequestCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { Command, RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { REREGISTER_AFTER_MS } from "../../../../src/transport/remoting/defaults.ts";
import { Registration } from "../../../../src/transport/remoting/registration.ts";
import { ScriptedPeer, type Session } from "../../../fault/scripted_peer.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { turns, until } from "../../../helpers/settled.ts";

/** A broker's table of the clients that it can push replies to, with its rules for writing and forgetting. */
class Broker implements AsyncDisposable {
  readonly peer: ScriptedPeer;
  /** Whether the client is found, after each of its requests. */
  readonly found: boolean[] = [];
  readonly #groups = new Map<Session, Set<string>>();
  #mapped: Session | undefined;
  #waiting: (() => void)[] = [];

  constructor() {
    this.peer = new ScriptedPeer((session) => session.serve((command) => this.#answer(session, command)));
  }

  /** The end of a connection becomes known: whoever has its client's id is forgotten, another connection's too. */
  forget(): void {
    this.#mapped = undefined;
    this.found.push(false);
  }

  /** Resolves after so many requests. */
  async requests(count: number): Promise<void> {
    while (this.found.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer[Symbol.asyncDispose]();
  }

  #answer(session: Session, { code, body }: Command): RequestReply {
    if (code === RequestCode.HEART_BEAT) {
      const { producerDataSet } = JSON.parse(new TextDecoder().decode(body));
      const known = this.#groups.get(session) ?? new Set<string>();
      this.#groups.set(session, known);
      for (const { groupName } of producerDataSet) {
        if (!known.has(groupName)) this.#mapped = session;
        known.add(groupName);
      }
    } else if (code === RequestCode.UNREGISTER_CLIENT) {
      this.#groups.delete(session);
      this.#mapped = undefined;
    }
    this.found.push(this.#mapped === session);
    for (const resolve of this.#waiting.splice(0)) resolve();
    return { code: 0, body: new TextEncoder().encode("{}") };
  }
}

/** A client that is registered with a broker. */
class Stage implements AsyncDisposable {
  readonly broker = new Broker();
  readonly clock = new ManualClock();
  readonly registration: Registration;
  renewed = 0;
  readonly #client: RocketMqClient;

  constructor() {
    const { address } = this.broker.peer;
    this.#client = new RocketMqClient({ nameServers: address, clientId: "c", random: () => 0 });
    this.registration = new Registration(this.#client, this.clock, {
      producerGroup: "g",
      consumerGroups: () => [],
      renewed: () => this.renewed++,
    });
    this.#client.onConnection(({ address, state }) => {
      if (state === "connected") this.registration.connected(address);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registration.close();
    await this.#client.close();
    await this.broker[Symbol.asyncDispose]();
  }
}

Deno.test("Registration leaves a first connection alone: replies find the client all the time", async () => {
  await using at = new Stage();
  const { broker, registration, clock } = at;
  await registration.with(broker.peer.address);
  clock.advance(REREGISTER_AFTER_MS);
  await registration.again(broker.peer.address);
  assert.deepEqual(broker.found, [true, true]);
  assert.equal(at.renewed, 0, "nothing can have been missed");
});

Deno.test("Registration outlives the late end of an old connection, and is never out of it by its own doing", async () => {
  await using at = new Stage();
  const { broker, registration, clock } = at;
  await registration.with(broker.peer.address);
  broker.peer.sessions[0]?.cut();
  await broker.requests(2);
  assert.deepEqual(broker.found, [true, true]);
  broker.forget();
  clock.advance(REREGISTER_AFTER_MS);
  await broker.requests(4);
  await registration.again(broker.peer.address);
  assert.deepEqual(broker.found, [true, true, false, true, true]);
  assert.equal(at.renewed, 2);
});

Deno.test("Registration counts the pause from the last of several connections", async () => {
  await using at = new Stage();
  const { broker, registration, clock } = at;
  await registration.with(broker.peer.address);
  broker.peer.sessions[0]?.cut();
  await broker.requests(2);
  clock.advance(REREGISTER_AFTER_MS / 2);
  broker.peer.sessions[1]?.cut();
  await broker.requests(3);
  clock.advance(REREGISTER_AFTER_MS / 2);
  broker.forget();
  clock.advance(REREGISTER_AFTER_MS / 2);
  await broker.requests(5);
  assert.deepEqual(broker.found, [true, true, true, false, true]);
});

Deno.test("Registration leaves a group only when heartbeats from before are answered: one dealt with later would join it again", async () => {
  const asked: number[] = [];
  const late: (() => Promise<void>)[] = [];
  const success = { code: 0, body: new TextEncoder().encode("{}") };
  await using peer = new ScriptedPeer(async (session) => {
    for (;;) {
      const request = await session.next();
      asked.push(request.code);
      const answer = () => session.answer(request, success);
      if (request.code === RequestCode.HEART_BEAT) late.push(answer);
      else await answer();
    }
  });
  const client = new RocketMqClient({ nameServers: peer.address, clientId: "c", random: () => 0 });
  await using _ = { [Symbol.asyncDispose]: () => client.close() };
  const registration = new Registration(client, new ManualClock(), { consumerGroups: () => [] });
  const joined = [registration.again(peer.address), registration.again(peer.address)];
  const left = registration.leave(peer.address, "group");
  await until(() => late.length === 2);
  await late[0]?.();
  await Promise.race(joined);
  await turns();
  assert.deepEqual(asked, [RequestCode.HEART_BEAT, RequestCode.HEART_BEAT]);
  await late[1]?.();
  await left;
  assert.deepEqual(asked.slice(2), [RequestCode.UNREGISTER_CLIENT]);
  await registration.close();
});
