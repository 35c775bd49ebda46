import * as rocketmq from "../../../../src/rocketmq/mod.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { storedRecord } from "./stored_record.ts";

/** A function of the client, what the server gets from it, answers to it, and what it makes of the answer. */
export interface RequestCase {
  readonly call: (client: rocketmq.RocketMqClient, address: string) => Promise<unknown>;
  readonly code: number;
  readonly fields: Readonly<Record<string, string>>;
  /** JSON of the request's body, or its text. */
  readonly body?: unknown;
  readonly answer: RequestReply;
  readonly result: unknown;
}

/** Text in UTF-8. */
export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const queue = { topic: "T", brokerName: "b", queueId: 3 };
const atQueue = { topic: "T", queueId: "3", bname: "b" };
/** Success with nothing in it. */
export const OK: RequestReply = { code: 0 };

const message = {
  ...queue,
  properties: [["KEYS", "k1"], ["TAGS", "t"]] as const,
  body: encode("hello"),
  producerGroup: "p",
  bornAtMs: 1_700_000_000_000,
};

const sent = {
  a: "p",
  b: "T",
  c: "T",
  d: "4",
  e: "3",
  f: "0",
  g: "1700000000000",
  h: "0",
  i: "KEYS\u0001k1\u0002TAGS\u0001t\u0002",
  j: "0",
  k: "false",
  m: "false",
  n: "b",
};

const { i: _, ...withoutProperties } = sent;

const pullHeader = { nextBeginOffset: "6", minOffset: "1", maxOffset: "7", suggestWhichBrokerId: "1" };
const pulled = { messages: [], nextOffset: 6, minOffset: 1, maxOffset: 7, suggestedBrokerId: 1 };
const pullRequest = { ...queue, group: "g", offset: 5, maxMessages: 32, suspendMs: 15_000 };
const pullFields = {
  consumerGroup: "g",
  topic: "T",
  queueId: "3",
  queueOffset: "5",
  maxMsgNums: "32",
  sysFlag: "2",
  commitOffset: "0",
  suspendTimeoutMillis: "15000",
  subVersion: "0",
  bname: "b",
};

const queryFields = {
  topic: "T",
  key: "k1",
  maxNum: "32",
  beginTimestamp: "0",
  endTimestamp: "9007199254740991",
  _UNIQUE_KEY_QUERY: "false",
};

/** Sending, pulling, offsets, locks, look-ups: by the name of the function and what is special. */
export const MESSAGE_CASES: Readonly<Record<string, RequestCase>> = {
  "sendMessage()": {
    call: (client, address) => rocketmq.sendMessage(client, address, message),
    code: 310,
    fields: sent,
    body: "hello",
    answer: { code: 0, fields: { msgId: "7F00", queueId: "3", queueOffset: "9" } },
    result: { status: "ok", messageId: "7F00", queueId: 3, queueOffset: 9 },
  },
  "sendMessage() with flags, stored but not flushed": {
    call: (client, address) =>
      rocketmq.sendMessage(client, address, { ...message, flag: 7, sysFlag: 1, queueId: -1 }),
    code: 310,
    fields: { ...sent, e: "-1", f: "1", h: "7" },
    body: "hello",
    answer: { code: 12, fields: { msgId: "7F00", queueId: "0", queueOffset: "9" } },
    result: { status: "flush_slave_timeout", messageId: "7F00", queueId: 0, queueOffset: 9 },
  },
  "sendBatch()": {
    call: (client, address) =>
      rocketmq.sendBatch(client, address, message, [
        { properties: [["KEYS", "k1"]], body: encode("hi") },
        { properties: [], body: encode("x"), flag: 65 },
      ]),
    code: 320,
    fields: { ...withoutProperties, m: "true" },
    // The protocol's example, and a second one: size, magic, CRC, flag, body, properties.
    body: "\0\0\0\x20" + "\0".repeat(12) + "\0\0\0\x02hi\0\x08KEYS\u0001k1\u0002" +
      "\0\0\0\x17" + "\0".repeat(11) + "A\0\0\0\x01x\0\0",
    answer: { code: 0, fields: { msgId: "7F00,7F01", queueId: "3", queueOffset: "9" } },
    result: [
      { status: "ok", messageId: "7F00", queueId: 3, queueOffset: 9 },
      { status: "ok", messageId: "7F01", queueId: 3, queueOffset: 10 },
    ],
  },
  "sendReply()": {
    call: (client, address) => rocketmq.sendReply(client, address, message),
    code: 325,
    fields: sent,
    body: "hello",
    answer: { code: 0, fields: { msgId: "7F00", queueId: "3", queueOffset: "9" } },
    result: { pushed: true, messageId: "7F00" },
  },
  "sendReply() to nobody": {
    call: (client, address) => rocketmq.sendReply(client, address, message),
    code: 325,
    fields: sent,
    body: "hello",
    answer: { code: 1, remark: "channel of <x> not found.", fields: {} },
    result: { pushed: false, reason: "channel of <x> not found.", messageId: undefined },
  },
  "pull()": {
    call: (client, address) => rocketmq.pull(client, address, pullRequest),
    code: 11,
    fields: pullFields,
    answer: { code: 19, fields: pullHeader },
    result: { status: "none", ...pulled },
  },
  "pull() with subscription and offset to commit": {
    call: (client, address) =>
      rocketmq.pull(client, address, {
        ...pullRequest,
        suspendMs: 0,
        commitOffset: Number.MAX_SAFE_INTEGER,
        subscription: { expression: "a||b", version: 17 },
      }),
    code: 11,
    fields: {
      ...pullFields,
      sysFlag: "5",
      commitOffset: "9007199254740991",
      suspendTimeoutMillis: "0",
      subVersion: "17",
      subscription: "a||b",
      expressionType: "TAG",
    },
    answer: { code: 21, fields: pullHeader },
    result: { status: "offset_moved", ...pulled },
  },
  "pull() told to try again": {
    call: (client, address) => rocketmq.pull(client, address, pullRequest),
    code: 11,
    fields: pullFields,
    answer: { code: 20, fields: pullHeader },
    result: { status: "retry", ...pulled },
  },
  "queryOffset()": {
    call: (client, address) => rocketmq.queryOffset(client, address, { ...queue, group: "g" }),
    code: 14,
    fields: { consumerGroup: "g", ...atQueue, setZeroIfNotFound: "false" },
    answer: { code: 0, fields: { offset: "9007199254740991" } },
    result: Number.MAX_SAFE_INTEGER,
  },
  "queryOffset() without one": {
    call: (client, address) => rocketmq.queryOffset(client, address, { ...queue, group: "g" }),
    code: 14,
    fields: { consumerGroup: "g", ...atQueue, setZeroIfNotFound: "false" },
    answer: { code: 22 },
    result: undefined,
  },
  "updateOffset()": {
    call: (client, address) => rocketmq.updateOffset(client, address, { ...queue, group: "g", offset: 42 }),
    code: 15,
    fields: { consumerGroup: "g", ...atQueue, commitOffset: "42" },
    answer: OK,
    result: undefined,
  },
  "minOffset()": {
    call: (client, address) => rocketmq.minOffset(client, address, queue),
    code: 31,
    fields: atQueue,
    answer: { code: 0, fields: { offset: "-1" } },
    result: -1,
  },
  "maxOffset()": {
    call: (client, address) => rocketmq.maxOffset(client, address, queue),
    code: 30,
    fields: atQueue,
    answer: { code: 0, fields: { offset: "8" } },
    result: 8,
  },
  "offsetAtTime()": {
    call: (client, address) => rocketmq.offsetAtTime(client, address, queue, 1_700_000_000_000.5),
    code: 29,
    fields: { ...atQueue, timestamp: "1700000000000", boundaryType: "LOWER" },
    answer: { code: 0, fields: { offset: "8" } },
    result: 8,
  },
  "lockQueues()": {
    call: (client, address) => rocketmq.lockQueues(client, address, { group: "g", queues: [queue] }),
    code: 41,
    fields: { bname: "b" },
    body: { consumerGroup: "g", clientId: "c", onlyThisBroker: false, mqSet: [queue] },
    answer: { code: 0, body: encode('{"lockOKMQSet":[{"brokerName":"b","queueId":3,"topic":"T"}]}') },
    result: [queue],
  },
  "unlockQueues()": {
    call: (client, address) => rocketmq.unlockQueues(client, address, { group: "g", queues: [queue] }),
    code: 42,
    fields: { bname: "b" },
    body: { consumerGroup: "g", clientId: "c", onlyThisBroker: false, mqSet: [queue] },
    answer: OK,
    result: undefined,
  },
  "consumerIds()": {
    call: (client, address) => rocketmq.consumerIds(client, address, { group: "g", brokerName: "b" }),
    code: 38,
    fields: { consumerGroup: "g", bname: "b" },
    answer: { code: 0, body: encode('{"consumerIdList":["c","d"]}') },
    result: ["c", "d"],
  },
  "consumerIds() of nobody": {
    call: (client, address) => rocketmq.consumerIds(client, address, { group: "g", brokerName: "b" }),
    code: 38,
    fields: { consumerGroup: "g", bname: "b" },
    answer: { code: 1, remark: "no consumer for this group, g" },
    result: [],
  },
  "queryByKey() without a hit": {
    call: (client, address) => rocketmq.queryByKey(client, address, { topic: "T", key: "k1" }),
    code: 12,
    fields: queryFields,
    answer: { code: 22 },
    result: [],
  },
  "queryByKey() with a stranger of the same hash": {
    call: (client, address) =>
      rocketmq.queryByKey(client, address, {
        topic: "T",
        key: "k1",
        max: 1,
        beginMs: 5.5,
        endMs: 6,
        uniqueKey: true,
      }),
    code: 12,
    fields: {
      ...queryFields,
      maxNum: "1",
      beginTimestamp: "5",
      endTimestamp: "6",
      _UNIQUE_KEY_QUERY: "true",
    },
    answer: { code: 0, body: storedRecord({ properties: "UNIQ_KEY\u0001k2\u0002" }) },
    result: [],
  },
  "viewMessage()": {
    call: async (client, address) => (await rocketmq.viewMessage(client, address, 0x1234)).commitLogOffset,
    code: 33,
    fields: { offset: "4660" },
    answer: { code: 0, body: storedRecord() },
    result: 0x1234,
  },
  "brokerConfig()": {
    call: async (client, address) => (await rocketmq.brokerConfig(client, address)).get("brokerName"),
    code: 26,
    fields: {},
    answer: { code: 0, body: new TextEncoder().encode("brokerClusterName=C\nbrokerName=b\n") },
    result: "b",
  },
  "groupExists()": {
    call: (client, address) => rocketmq.groupExists(client, address, "g"),
    code: 352,
    fields: { group: "g" },
    answer: OK,
    result: true,
  },
};
