import { brokerRuntimeInfo, type RocketMqClient } from "../../src/rocketmq/mod.ts";

/** What a broker keeps on its disk, in bytes. */
export interface DiskUse {
  /** Messages: all that is written into the commit log. */
  readonly log: number;
  /** Entries of the queues: 20 bytes per message. */
  readonly queues: number;
  /** Entries of the key index: 21 bytes per key, its share of the hash slots included. */
  readonly index: number;
  readonly messages: number;
}

const QUEUE_ENTRY_BYTES = 20;
/** With the broker's defaults a file has 20 million entries of 20 bytes and 5 million slots of 4. */
const INDEX_ENTRY_BYTES = 21;
/** Where an index file's header counts its entries. RocketMQ: IndexHeader. */
const INDEX_COUNT_AT = 36;
const SETTLE_MS = 1_000;

/** A broker's disk: asked over the network, but for the index, which it does not tell of. */
export class Store {
  readonly #client: RocketMqClient;
  readonly #address: string;
  readonly #directory: string;

  /** @param directory the broker's own folder */
  constructor(client: RocketMqClient, address: string, directory: string) {
    this.#client = client;
    this.#address = address;
    this.#directory = directory;
  }

  /** Reads what is used, once the index has caught up. */
  async read(): Promise<DiskUse> {
    let last = await this.#readOnce();
    while (true) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const use = await this.#readOnce();
      if (use.index === last.index && use.log === last.log) return use;
      last = use;
    }
  }

  async #readOnce(): Promise<DiskUse> {
    const { table } = await brokerRuntimeInfo(this.#client, this.#address);
    const messages = Number(table.get("putMessageTimesTotal"));
    return {
      log: Number(table.get("commitLogMaxOffset")),
      queues: messages * QUEUE_ENTRY_BYTES,
      index: await this.#indexEntries() * INDEX_ENTRY_BYTES,
      messages,
    };
  }

  async #indexEntries(): Promise<number> {
    const folder = `${this.#directory}/store/index`;
    let entries = 0;
    for await (const { name } of Deno.readDir(folder)) {
      using file = await Deno.open(`${folder}/${name}`);
      const header = new Uint8Array(INDEX_COUNT_AT + 4);
      await file.read(header);
      entries += new DataView(header.buffer).getInt32(INDEX_COUNT_AT);
    }
    return entries;
  }
}

/** What was added between two readings. */
export function growth(before: DiskUse, after: DiskUse): DiskUse {
  return {
    log: after.log - before.log,
    queues: after.queues - before.queues,
    index: after.index - before.index,
    messages: after.messages - before.messages,
  };
}
