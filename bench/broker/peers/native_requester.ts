/** Requests by our client alone: `native_requester.ts <name server> <topic> <packed|unpacked>`. */
import { Buffer } from "node:buffer";
import {
  PropertyName,
  RequestCode,
  ResponseCode,
  RocketMqClient,
  sendMessage,
} from "../../../src/rocketmq/mod.ts";
import { decodeProperties } from "../../../src/rocketmq/client/properties.ts";
import { encodeBody } from "../contract.ts";
import { serveCommands } from "../requesting.ts";
import { joinBodies, splitBodies } from "./native_pack.ts";
import { findTopic, PRODUCERS, QUEUES } from "./native_topic.ts";

const TIMEOUT_MS = 10_000;
const MOST_PACKED = 64;

/** A call that waits for its reply. */
interface Call {
  readonly body: Uint8Array;
  resolve(reply: Uint8Array): void;
  reject(error: unknown): void;
}

const [nameServers = "", name = "", kind] = Deno.args;
const clientId = `native-requester-${crypto.randomUUID()}`;
const pending = new Map<string, readonly Call[]>();
const client = new RocketMqClient({
  nameServers,
  clientId,
  onRequest: (_, { code, fields, body }) => {
    if (code !== RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT) return undefined;
    const id = decodeProperties(fields["properties"] ?? "").get(PropertyName.CORRELATION_ID) ?? "";
    const calls = pending.get(id);
    pending.delete(id);
    const replies = splitBodies(body);
    for (const [index, call] of calls?.entries() ?? []) call.resolve(replies[index] ?? new Uint8Array());
    return { code: ResponseCode.SUCCESS };
  },
});
const { topic, brokerName, address } = await findTopic(client, name);
let packs = 0;

/** Sends calls as one message; resolves when it is stored. */
async function send(calls: readonly Call[], queueId: number): Promise<void> {
  const id = String(++packs);
  pending.set(id, calls);
  const late = setTimeout(() => {
    pending.delete(id);
    for (const call of calls) call.reject(new Error("no reply in time"));
  }, TIMEOUT_MS);
  for (const call of calls) {
    const { resolve } = call;
    call.resolve = (reply) => {
      clearTimeout(late);
      resolve(reply);
    };
  }
  try {
    const properties = [
      [PropertyName.CORRELATION_ID, id],
      [PropertyName.REPLY_TO_CLIENT, clientId],
      [PropertyName.TTL, String(TIMEOUT_MS)],
    ] as const;
    const body = joinBodies(calls.map((call) => call.body));
    await sendMessage(client, address, {
      ...{ brokerName, topic, queueId, properties, body, producerGroup: PRODUCERS },
    });
  } catch (error) {
    pending.delete(id);
    clearTimeout(late);
    for (const call of calls) call.reject(error);
  }
}

/** One queue: one message of it is on its way to the broker at a time, and calls gather meanwhile. */
class Lane {
  readonly #queueId: number;
  #waiting: Call[] = [];
  #busy = false;

  constructor(queueId: number) {
    this.#queueId = queueId;
  }

  add(call: Call): void {
    this.#waiting.push(call);
    if (this.#busy) return;
    this.#busy = true;
    // What is called in the same turn travels with it.
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await send(this.#waiting.splice(0, MOST_PACKED), this.#queueId);
    this.#busy = false;
  }

  get idle(): boolean {
    return !this.#busy;
  }
}

const lanes = Array.from({ length: QUEUES }, (_, queueId) => new Lane(queueId));
let turn = 0;

function request(body: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const call = { body, resolve, reject };
    if (kind === "unpacked") return void send([call], ++turn % QUEUES);
    const lane = lanes.find(({ idle }) => idle) ?? lanes[++turn % QUEUES];
    lane?.add(call);
  });
}

await serveCommands(async (body) => {
  const sent = encodeBody(body);
  if (Buffer.compare(await request(sent), sent) !== 0) throw new Error("not the body that was sent");
});
Deno.exit(0);
