import { RocketMqClient } from "../../src/rocketmq/client/client.ts";
import { decodeProperties } from "../../src/rocketmq/client/properties.ts";
import { RequestCode, ResponseCode } from "../../src/rocketmq/remote/codes.ts";
import type { Command, RequestReply } from "../../src/rocketmq/remote/command.ts";
import { ScriptedPeer, type Session } from "../fault/scripted_peer.ts";

/** What a broker was asked. */
export interface Asked {
  /** The broker's name. */
  readonly broker: string;
  /** The connection that it came by. */
  readonly session: Session;
  readonly command: Command;
}

/** What a broker answers; nothing: it leaves the request unanswered. */
export type Answer = (asked: Asked) => RequestReply | undefined | Promise<RequestReply | undefined>;

/** Brokers that do as they are told, behind one name server; all on this machine. */
export class ScriptedCluster implements AsyncDisposable {
  /** All requests to brokers, in order. */
  readonly asked: Asked[] = [];
  /** Topics that the name server knows, and how many queues each broker has of them. */
  readonly topics = new Map<string, number>();
  /** Brokers that are replicas, and stand in for their masters. */
  readonly acting = new Set<string>();
  readonly client: RocketMqClient;
  readonly nameServers: string;
  readonly #brokers: readonly {
    readonly name: string;
    readonly cluster: string;
    peer: ScriptedPeer;
  }[];
  readonly #nameServer: ScriptedPeer;
  readonly #answer: Answer;

  /**
   * @param names of the brokers; after a `/` that of the cluster, else `C`
   * @param answer what they answer
   */
  constructor(names: readonly string[], answer: Answer) {
    this.#answer = answer;
    this.#brokers = names.map((full) => {
      const [name = "", cluster = "C"] = full.split("/");
      return { name, cluster, peer: new ScriptedPeer((session) => this.#serve(name, session)) };
    });
    this.#nameServer = new ScriptedPeer((session) => session.serve((command) => this.#route(command)));
    this.nameServers = this.#nameServer.address;
    this.client = new RocketMqClient({ nameServers: this.nameServers, clientId: "c", random: () => 0 });
  }

  /** Requests of a kind, as the names of the brokers that got them. */
  askedFor(code: number): string[] {
    return this.asked.filter(({ command }) => command.code === code).map(({ broker }) => broker);
  }

  address(name: string): string {
    return this.#brokers.find((broker) => broker.name === name)?.peer.address ?? "";
  }

  /** The connections that a broker has accepted so far. */
  sessionsOf(name: string): readonly Session[] {
    return this.#brokers.find((broker) => broker.name === name)?.peer.sessions ?? [];
  }

  /** Nobody listens at that broker's address any more. */
  async down(name: string): Promise<void> {
    await this.#brokers.find((broker) => broker.name === name)?.peer.stop();
  }

  /** The broker is back at its address. */
  up(name: string): void {
    const broker = this.#brokers.find((each) => each.name === name);
    if (broker === undefined) return;
    const port = Number(broker.peer.address.split(":")[1]);
    broker.peer = new ScriptedPeer((session) => this.#serve(name, session), port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    for (const { peer } of this.#brokers) await peer.stop();
    await this.#nameServer.stop();
  }

  async #serve(broker: string, session: Session): Promise<void> {
    for (;;) {
      const command = await session.next();
      const asked = { broker, session, command };
      this.asked.push(asked);
      // Requests do not wait for each other.
      void Promise.resolve(this.#answer(asked)).then(async (answer) => {
        if (answer !== undefined) await session.answer(command, answer);
      }).catch(() => {});
    }
  }

  #route({ code, fields }: Command): RequestReply {
    if (code === RequestCode.GET_BROKER_CLUSTER_INFO) return this.#clusterInfo();
    if (code !== RequestCode.GET_ROUTEINFO_BY_TOPIC) return { code: ResponseCode.SUCCESS };
    const queues = this.topics.get(fields["topic"] ?? "");
    if (queues === undefined) return { code: ResponseCode.TOPIC_NOT_EXIST };
    const brokerDatas = this.#brokers.map(({ name, cluster, peer }) => (
      { brokerName: name, cluster, brokerAddrs: { "0": peer.address }, enableActingMaster: true }
    ));
    const queueDatas = this.#brokers.map(({ name }) => (
      { brokerName: name, readQueueNums: queues, writeQueueNums: queues, perm: this.acting.has(name) ? 4 : 6 }
    ));
    const body = new TextEncoder().encode(JSON.stringify({ brokerDatas, queueDatas }));
    return { code: ResponseCode.SUCCESS, body };
  }

  #clusterInfo(): RequestReply {
    const entries = this.#brokers.map(({ name, cluster, peer }) => [
      name,
      { brokerName: name, cluster, brokerAddrs: { [this.acting.has(name) ? "1" : "0"]: peer.address } },
    ]);
    const body = new TextEncoder().encode(JSON.stringify({ brokerAddrTable: Object.fromEntries(entries) }));
    return { code: ResponseCode.SUCCESS, body };
  }
}

/** The properties of a message that is sent with short field names. */
export function propertiesOf({ fields }: Command): ReadonlyMap<string, string> {
  return decodeProperties(fields["i"] ?? "");
}
