import {
  masterAddress,
  maxOffset,
  pull,
  queryOffset,
  replyTopic,
  ResponseCode,
  RocketMqClient,
  RocketMqError,
  type StoredMessage,
} from "rocket-actors/rocketmq";
import { HEADER, USER_PREFIX } from "../../src/envelope/headers.ts";
import { decodePack } from "../../src/envelope/pack.ts";
import { LABEL } from "./contract.ts";

/** The topic of the replies that are not pushed. */
const PULLED_REPLIES = "rpc-replies";

/** One request as a class topic has it: once for each message that carries it. */
export interface StoredRequest {
  readonly id: string;
  readonly method: string;
  readonly label: string;
  readonly oneway: boolean;
  /** Whether the message is a copy that a callee made. */
  readonly copied: boolean;
  /** Those of one queue are listed in its order. */
  readonly queue: string;
}

/** Reads what a broker has stored of a round, past all that the library keeps of it. */
export class Stored implements AsyncDisposable {
  readonly #client: RocketMqClient;
  readonly #cluster: string;
  /** Where the replies of this round begin, by `topic/broker/queue`. */
  readonly #repliesFrom = new Map<string, number>();

  constructor(nameServers: string, cluster = "DefaultCluster") {
    this.#client = new RocketMqClient({ nameServers, clientId: `test-${crypto.randomUUID()}` });
    this.#cluster = cluster;
  }

  /** Notes where the topics of replies end now. */
  async begin(): Promise<void> {
    for (const topic of await this.#replyTopics()) {
      await this.#each(topic, async (place, address) => {
        this.#repliesFrom.set(nameOf(place), await maxOffset(this.#client, address, place));
      });
    }
  }

  /** Asks the broker something that it answers at once. */
  async ping(): Promise<void> {
    const route = await this.#client.route(replyTopic(this.#cluster));
    for (const { brokerName } of route.queues) {
      const place = { topic: route.topic, brokerName, queueId: 0 };
      await maxOffset(this.#client, masterAddress(route, brokerName) ?? "", place);
    }
  }

  /** All requests in the class topic of a contract. */
  async requests(contract: string): Promise<readonly StoredRequest[]> {
    const requests: StoredRequest[] = [];
    await this.#each(topicOf(contract), async (place, address) => {
      const queue = nameOf(place);
      for (const message of await this.#messages(place, address, 0)) {
        requests.push(...requestsOf(message).map((request) => ({ ...request, queue })));
      }
    });
    return requests;
  }

  /** Ids of the calls whose replies were stored, with the codes of these. */
  async replies(): Promise<ReadonlyMap<string, readonly string[]>> {
    const replies = new Map<string, string[]>();
    const note = (headers: ReadonlyMap<string, string>) => {
      const id = headers.get(HEADER.id) ?? "";
      const codes = replies.get(id) ?? [];
      codes.push(headers.get(HEADER.code) ?? "ok");
      replies.set(id, codes);
    };
    for (const topic of await this.#replyTopics()) {
      await this.#each(topic, async (place, address) => {
        const from = this.#repliesFrom.get(nameOf(place)) ?? 0;
        for (const message of await this.#messages(place, address, from)) replyHeaders(message).forEach(note);
      });
    }
    return replies;
  }

  /** The dead letters of a contract: call id and reason. */
  async deadLetters(contract: string): Promise<ReadonlyMap<string, string>> {
    const letters = new Map<string, string>();
    await this.#each(`%DLQ%rpc-${topicOf(contract)}`, async (place, address) => {
      for (const { properties } of await this.#messages(place, address, 0)) {
        letters.set(properties.get("KEYS") ?? "", properties.get("rpc-dead") ?? "");
      }
    });
    return letters;
  }

  /** Queues whose committed offset is not their end: what is there is not settled. */
  async unsettled(contract: string): Promise<readonly string[]> {
    const topic = topicOf(contract);
    const open: string[] = [];
    await this.#each(topic, async (place, address) => {
      const [end, committed] = await Promise.all([
        maxOffset(this.#client, address, place),
        queryOffset(this.#client, address, { ...place, group: `rpc-${topic}` }),
      ]);
      if ((committed ?? 0) < end) open.push(`${nameOf(place)}: ${committed} of ${end}`);
    });
    return open;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** Where the cluster keeps those that are pushed; and where the others go, once somebody has made that topic. */
  async #replyTopics(): Promise<readonly string[]> {
    const pushed = replyTopic(this.#cluster);
    try {
      await this.#client.route(PULLED_REPLIES);
      return [pushed, PULLED_REPLIES];
    } catch (error) {
      if (isTopicMissing(error)) return [pushed];
      throw error;
    }
  }

  async #each(
    topic: string,
    visit: (place: Place, address: string) => Promise<void>,
  ): Promise<void> {
    const route = await this.#client.route(topic);
    for (const { brokerName, read } of route.queues) {
      const address = masterAddress(route, brokerName) ?? "";
      for (let queueId = 0; queueId < read; queueId++) await visit({ topic, brokerName, queueId }, address);
    }
  }

  async #messages(place: Place, address: string, from: number): Promise<readonly StoredMessage[]> {
    const messages: StoredMessage[] = [];
    for (let offset = from;;) {
      const answer = await pull(this.#client, address, {
        ...place,
        group: "CID_TOOLS",
        offset,
        maxMessages: 32,
        suspendMs: 0,
        subscription: { expression: "*", version: 0 },
      });
      messages.push(...answer.messages);
      if (answer.nextOffset <= offset || answer.status === "none") return messages;
      offset = answer.nextOffset;
    }
  }
}

interface Place {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
}

function nameOf({ topic, brokerName, queueId }: Place): string {
  return `${topic}/${brokerName}/${queueId}`;
}

function isTopicMissing(error: unknown): boolean {
  return error instanceof RocketMqError && error.responseCode === ResponseCode.TOPIC_NOT_EXIST;
}

function topicOf(contract: string): string {
  return contract.replaceAll(".", "-");
}

function requestsOf({ properties, body }: StoredMessage): readonly Omit<StoredRequest, "queue">[] {
  const kind = properties.get(HEADER.kind);
  const method = properties.get("TAGS") ?? "";
  const one = (own: ReadonlyMap<string, string>): Omit<StoredRequest, "queue"> => {
    return {
      id: own.get(HEADER.id) ?? "",
      method,
      label: own.get(USER_PREFIX + LABEL) ?? "",
      oneway: own.get(HEADER.kind) === "oneway",
      copied: own.has(HEADER.attempt) || own.has(HEADER.started),
    };
  };
  if (kind === "request" || kind === "oneway") return [one(properties)];
  return kind === "pack" ? decodePack(body).map((entry) => one(entry.headers)) : [];
}

function replyHeaders({ properties, body }: StoredMessage): readonly ReadonlyMap<string, string>[] {
  const kind = properties.get(HEADER.kind);
  if (kind === "reply") return [properties];
  return kind === "pack" ? decodePack(body).map(({ headers }) => headers) : [];
}
