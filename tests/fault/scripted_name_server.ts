import { RequestCode, ResponseCode } from "../../src/rocketmq/remote/codes.ts";
import type { Command, RequestReply } from "../../src/rocketmq/remote/command.ts";
import { ScriptedPeer } from "./scripted_peer.ts";

/** A broker of a {@linkcode ScriptedNameServer}'s topics: its name, address and queues. */
export interface ScriptedBroker {
  readonly name: string;
  readonly address: string;
  readonly queues: number;
  /** Default: 0, a master. */
  readonly id?: number;
}

/** A name server with a key-value store, whose answers a test can replace. */
export class ScriptedNameServer implements AsyncDisposable {
  /** Requests so far, by their codes. */
  readonly asked: number[] = [];
  /** The key-value store: `namespace/key`. */
  readonly values = new Map<string, string>();
  /** By topic. */
  readonly topics = new Map<string, readonly ScriptedBroker[]>();
  /** All brokers, whatever their topics. */
  brokers: readonly ScriptedBroker[] = [];
  /** Answers of its own, by request code; `undefined`: none, ever. */
  readonly instead = new Map<number, RequestReply | undefined>();
  readonly #peer = new ScriptedPeer((session) => session.serve((request) => this.#answer(request)));

  get address(): string {
    return this.#peer.address;
  }

  /** How often it was asked something. */
  count(code: number): number {
    return this.asked.filter((each) => each === code).length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#peer.stop();
  }

  #answer({ code, fields }: Command): RequestReply | undefined {
    this.asked.push(code);
    if (this.instead.has(code)) return this.instead.get(code);
    const { namespace = "", key = "", value = "", topic = "" } = fields;
    switch (code) {
      case RequestCode.GET_KV_CONFIG: {
        const found = this.values.get(`${namespace}/${key}`);
        if (found === undefined) return { code: ResponseCode.QUERY_NOT_FOUND };
        return { code: 0, fields: { value: found } };
      }
      case RequestCode.PUT_KV_CONFIG:
        this.values.set(`${namespace}/${key}`, value);
        return { code: 0 };
      case RequestCode.GET_ROUTEINFO_BY_TOPIC:
        return routeAnswer(this.topics.get(topic));
      case RequestCode.GET_BROKER_CLUSTER_INFO:
        return { code: 0, body: clusterBody(this.brokers) };
      default:
        return {
          code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
          remark: ` request type ${code} not supported`,
        };
    }
  }
}

/** How a name server answers where a topic is: at these brokers, or nowhere. */
export function routeAnswer(brokers: readonly ScriptedBroker[] | undefined): RequestReply {
  if (brokers === undefined) return { code: ResponseCode.TOPIC_NOT_EXIST, remark: "No topic route info" };
  const brokerDatas = brokers.map(({ name, address, id = 0 }) => ({
    brokerName: name,
    cluster: "C",
    brokerAddrs: { [id]: address },
  }));
  const queueDatas = brokers.map(({ name, queues }) => ({
    brokerName: name,
    readQueueNums: queues,
    writeQueueNums: queues,
    perm: 6,
  }));
  return { code: 0, body: new TextEncoder().encode(JSON.stringify({ brokerDatas, queueDatas })) };
}

function clusterBody(brokers: readonly ScriptedBroker[]): Uint8Array {
  const table = brokers.map(({ name, address }) =>
    `"${name}":{"brokerName":"${name}","cluster":"C","brokerAddrs":{0:"${address}"}}`
  );
  return new TextEncoder().encode(`{"brokerAddrTable":{${table.join(",")}}}`);
}
