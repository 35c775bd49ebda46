import { Writer } from "../../src/bytes/writer.ts";
import { decodeMessages } from "../../src/rocketmq/client/message.ts";
import { encodeProperties } from "../../src/rocketmq/client/properties.ts";
import { PropertyName } from "../../src/rocketmq/client/property_names.ts";
import { RequestCode, ResponseCode } from "../../src/rocketmq/remote/codes.ts";
import { RESPONSE_FLAG } from "../../src/rocketmq/remote/command.ts";
import { encodeFrame, FrameReader, writeFrame } from "../../src/rocketmq/remote/frame.ts";
import type { OutgoingCommand } from "../../src/rocketmq/remote/outgoing.ts";
import {
  replyProperties,
  toDirectMessage,
  toMessage,
  toProperties,
} from "../../src/transport/remoting/messages.ts";
import type { Message } from "../../src/transport/transport.ts";
import { storedRecord } from "../../tests/src/rocketmq/client/stored_record.ts";
import type { Material } from "./material.ts";
import type { Stop } from "./stop.ts";

/** What brokers give at most in one answer. */
const MESSAGES_PER_PULL = 32;
const CLIENT_ID = "127.0.0.1@bench";
/** What brokers add to each message that they store. */
const BY_BROKER = [[PropertyName.CLUSTER, "DefaultCluster"], [
  PropertyName.UNIQUE_KEY,
  "7F00000100011",
]] as const;

/** What a RocketMQ connection does with a call, instead of the embedded broker. */
export interface RemotingStops {
  readonly send: Stop;
  readonly pulled: Stop;
  readonly reply: Stop;
  readonly pushed: Stop;
}

/** Makes them: frames and records as they travel, without the sockets. */
export function remotingStops(material: Material): RemotingStops {
  return {
    send: {
      name: "request properties, frame of a send",
      prepare: async (messages, calls) => {
        const message = await material.requestMessage(material.requests(calls));
        return writing(
          messages,
          () => sendCommand(RequestCode.SEND_MESSAGE_V2, message, toProperties(message)),
        );
      },
    },
    pulled: pulled(material),
    reply: {
      name: "reply properties, frame of a push",
      prepare: async (messages, calls) => {
        const message = await material.replyMessage(material.requests(calls));
        return writing(
          messages,
          () => sendCommand(RequestCode.SEND_REPLY_MESSAGE_V2, message, propertiesOf(message)),
        );
      },
    },
    pushed: pushed(material),
  };
}

function writing(messages: number, command: () => OutgoingCommand): () => void {
  // As a connection's outbox: frames that wait leave in one write.
  const writer = new Writer();
  return () => {
    writer.truncate(0);
    for (let left = messages; left > 0; left--) writeFrame(writer, command());
  };
}

/** RocketMQ: SendMessageRequestHeaderV2. */
function sendCommand(
  code: number,
  { body }: Pick<Message, "body">,
  properties: readonly (readonly [string, string])[],
): OutgoingCommand {
  const fields = {
    ...{ a: "rocket-actors", b: "bench-Echo", c: "bench-Echo", d: "4", e: "0", f: "0" },
    ...{ g: String(Date.now()), h: "0", i: encodeProperties(properties), j: "0", k: "false", m: "false" },
    n: "broker-a",
  };
  return { code, flag: 0, opaque: 1, fields, body };
}

function propertiesOf(message: Omit<Message, "topic">): [string, string][] {
  return [...replyProperties({ clientId: CLIENT_ID }, message.plain), ...toProperties(message)];
}

function pulled(material: Material): Stop {
  const prepare = async (messages: number, calls: number) => {
    const message = await material.requestMessage(material.requests(calls));
    const properties = encodeProperties([...toProperties(message), ...BY_BROKER]);
    const record = storedRecord({ topic: message.topic, body: message.body, properties });
    const answers = answersOf(record, messages);
    let received = 0;
    const reader = new FrameReader(({ body }) => {
      for (const stored of decodeMessages(body)) {
        if (toMessage(stored).body.length > 0) received++;
      }
    });
    return () => {
      for (const answer of answers) reader.push(answer);
      if (received !== messages) throw new Error("A message is missing");
    };
  };
  return { name: "pull answer: frame, records, headers", prepare };
}

/** The frames that bring so many messages. */
function answersOf(record: Uint8Array, messages: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let left = messages; left > 0; left -= MESSAGES_PER_PULL) {
    const writer = new Writer();
    for (let one = Math.min(left, MESSAGES_PER_PULL); one > 0; one--) writer.raw(record);
    const fields = { nextBeginOffset: "37", minOffset: "0", maxOffset: "37", suggestWhichBrokerId: "0" };
    const command = {
      code: ResponseCode.SUCCESS,
      flag: RESPONSE_FLAG,
      opaque: 1,
      fields,
      body: writer.bytes(),
    };
    // Brokers answer in JSON.
    frames.push(encodeFrame(command, "json"));
  }
  return frames;
}

function pushed(material: Material): Stop {
  const prepare = async (messages: number, calls: number) => {
    const message = await material.replyMessage(material.requests(calls));
    const fields = {
      ...{
        bornHost: "127.0.0.1:4321",
        bornTimestamp: "1700000000001",
        flag: "0",
        producerGroup: "rocket-actors",
      },
      ...{
        properties: encodeProperties(propertiesOf(message)),
        queueId: "0",
        reconsumeTimes: "0",
        sysFlag: "0",
      },
      ...{
        storeHost: "127.0.0.1:10911",
        storeTimestamp: "1700000000002",
        topic: "DefaultCluster_REPLY_TOPIC",
      },
    };
    const command = {
      ...{ code: RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, flag: 0, opaque: 1, fields },
      body: message.body,
    };
    const frame = encodeFrame(command, "json");
    let received = 0;
    const reader = new FrameReader(({ fields, body }) => {
      if (toDirectMessage(fields["properties"] ?? "", body).body.length > 0) received++;
    });
    return () => {
      for (let left = messages; left > 0; left--) reader.push(frame);
      if (received !== messages) throw new Error("A reply is missing");
    };
  };
  return { name: "pushed reply: frame, headers", prepare };
}
