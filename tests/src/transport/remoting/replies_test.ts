import assert from "node:assert/strict";
import { RocketMqClient } from "../../../../src/rocketmq/client/client.ts";
import { RequestCode, ResponseCode } from "../../../../src/rocketmq/remote/codes.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import type { Delivery } from "../../../../src/transport/transport.ts";
import { replyAddress } from "../../../../src/transport/remoting/reply_address.ts";
import { pushReply } from "../../../../src/transport/remoting/replies.ts";
import { ScriptedPeer } from "../../../fault/scripted_peer.ts";

/** What a broker does with a reply: answers with that code, or is down. */
type Behaviour = number | "down";

const PUSHED = ResponseCode.SUCCESS;
const STORED = ResponseCode.SYSTEM_ERROR;

/** A cluster of brokers `a`, `b`, ... behind one name server. */
class Cluster implements AsyncDisposable {
  /** Brokers that were asked, in order. */
  readonly asked: string[] = [];
  readonly client: RocketMqClient;
  readonly #peers: readonly ScriptedPeer[];

  private constructor(peers: readonly ScriptedPeer[], asked: string[], nameServers: string) {
    this.#peers = peers;
    this.asked = asked;
    this.client = new RocketMqClient({ nameServers, clientId: "c", random: () => 0 });
  }

  static async start(...behaviours: readonly Behaviour[]): Promise<Cluster> {
    const asked: string[] = [];
    const brokers = behaviours.map((behaviour, index) => {
      const name = String.fromCharCode(97 + index);
      const answer = (code: number): RequestReply => {
        if (code !== RequestCode.SEND_REPLY_MESSAGE_V2) return { code: ResponseCode.SUCCESS };
        asked.push(name);
        return { code: Number(behaviour) };
      };
      return { name, peer: new ScriptedPeer((session) => session.serve(({ code }) => answer(code))) };
    });
    for (const [index, { peer }] of brokers.entries()) if (behaviours[index] === "down") await peer.stop();
    const brokerDatas = brokers.map(({ name, peer }) => (
      { brokerName: name, cluster: "C", brokerAddrs: { "0": peer.address } }
    ));
    const route = new TextEncoder().encode(JSON.stringify({ brokerDatas, queueDatas: [] }));
    const nameServer = new ScriptedPeer((session) => session.serve(() => ({ code: 0, body: route })));
    return new Cluster([nameServer, ...brokers.map(({ peer }) => peer)], asked, nameServer.address);
  }

  /** Answers a request that came through a broker, or sends what answers nothing. */
  push(near?: string, signal?: AbortSignal): Promise<void> {
    const address = replyAddress({ clientId: "receiver" });
    const message = { tag: "", keys: [], headers: new Map<string, string>(), body: Uint8Array.of(1) };
    const delivery = near === undefined ? undefined : deliveryFrom(near);
    return pushReply(this.client, address, message, ["C"], { near: delivery, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    for (const peer of this.#peers) await peer.stop();
  }
}

function deliveryFrom(broker: string): Delivery {
  const message = { topic: "t", tag: "", keys: [], headers: new Map(), body: Uint8Array.of(1) };
  const queue = { topic: "t", broker, id: 0 };
  return { message, queue, offset: 0, storedAtMs: 0, starts: 0, started: () => Promise.resolve(), ack() {} };
}

Deno.test("pushReply() asks the broker of the request first, and one other where nobody could be pushed", async () => {
  await using pushed = await Cluster.start(PUSHED, PUSHED, PUSHED);
  await pushed.push("b");
  assert.deepEqual(pushed.asked, ["b"]);
  await using stored = await Cluster.start(STORED, STORED, STORED);
  await stored.push("b");
  assert.deepEqual(stored.asked, ["b", "a"]);
});

Deno.test("pushReply() asks for what answers nothing until a broker knows the receiver", async () => {
  await using cluster = await Cluster.start(STORED, STORED, PUSHED, PUSHED);
  await cluster.push();
  assert.deepEqual(cluster.asked, ["a", "b", "c"]);
});

Deno.test("pushReply() passes over a broker that is down or refuses", async () => {
  await using cluster = await Cluster.start("down", ResponseCode.SYSTEM_BUSY, PUSHED);
  await cluster.push();
  assert.deepEqual(cluster.asked, ["b", "c"]);
  await using near = await Cluster.start("down", PUSHED);
  await near.push("a");
  assert.deepEqual(near.asked, ["b"]);
});

Deno.test("pushReply() counts as sent what one broker stored though the next is down", async () => {
  await using cluster = await Cluster.start(STORED, "down");
  await cluster.push("a");
  assert.deepEqual(cluster.asked, ["a"]);
});

Deno.test("pushReply() rejects when no broker took it, and asks no other when one may have", async () => {
  await using cluster = await Cluster.start("down", "down");
  await assert.rejects(cluster.push("a"), { name: "RocketMqError", kind: "not_sent" });
  await using unclear = await Cluster.start(ResponseCode.SLAVE_NOT_AVAILABLE, PUSHED);
  await assert.rejects(unclear.push("a"), { name: "RocketMqError" });
  assert.deepEqual(unclear.asked, ["a"]);
});
