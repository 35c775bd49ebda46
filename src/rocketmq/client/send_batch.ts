import { Writer } from "../../bytes/writer.ts";
import { RequestCode } from "../remote/codes.ts";
import type { RocketMqClient } from "./client.ts";
import { encodeProperties } from "./properties.ts";
import type { RequestOptions } from "./request_options.ts";
import {
  checkNotEmpty,
  type OutgoingMessage,
  propertiesOf,
  sendFields,
  type SendResult,
  sendResult,
} from "./send.ts";

/** What the messages of a batch do not share. */
export type BatchedMessage = Pick<OutgoingMessage, "properties" | "body" | "flag">;

/** Where a batch goes. */
export type BatchPlace = Pick<OutgoingMessage, "brokerName" | "topic" | "queueId" | "producerGroup">;

/** The length of properties is a signed 16-bit number. */
const MAX_PROPERTIES_BYTES = 0x7fff;

/**
 * Stores several messages in one queue by one request, all of them or none: they are messages like any other, next to
 * each other and in this order. A broker limits the size of all together by its `maxMessageSize`, 4 MiB by default. It
 * gives them no `UNIQ_KEY` and, from 5.4 on, no `CLUSTER`: what is to be answered by a Java responder cannot travel so.
 *
 * @param address the broker's master, `host:port`
 * @returns a result for each, in order
 * @throws RocketMqError kind `refused` when the broker stored none; `not_sent` or `unknown` when it did not answer
 * @throws RangeError when there is no message, a body is empty, or properties take more than 32,767 bytes
 * @throws TypeError when a property cannot be encoded
 */
export async function sendBatch(
  client: RocketMqClient,
  address: string,
  place: BatchPlace,
  messages: readonly BatchedMessage[],
  options?: RequestOptions,
): Promise<SendResult[]> {
  const request = {
    code: RequestCode.SEND_BATCH_MESSAGE,
    // Properties here would be those of all.
    fields: sendFields(client, place, "", true),
    body: encodeBatch(client, messages),
  };
  const first = sendResult(await client.request(address, request, options), address);
  const messageIds = first.messageId.split(",");
  return messages.map((_, index) => ({
    ...first,
    messageId: messageIds[index] ?? "",
    queueOffset: first.queueOffset + index,
  }));
}

/**
 * RocketMQ: MessageDecoder.encodeMessages.
 *
 * ```text
 * per message: i32 size | i32 magic, 0 | i32 CRC, 0 | i32 flag | i32 length + body | i16 length + properties
 * ```
 */
function encodeBatch(client: RocketMqClient, messages: readonly BatchedMessage[]): Uint8Array {
  if (messages.length === 0) throw new RangeError("Cannot send a batch of no messages");
  const writer = new Writer(messages.reduce((sum, { body }) => sum + body.length + 512, 0));
  for (const message of messages) {
    const { body, flag = 0 } = message;
    checkNotEmpty(body);
    const start = writer.length;
    writer.u32(0);
    writer.u32(0);
    writer.u32(0);
    writer.u32(flag);
    writer.u32(body.length);
    writer.raw(body);
    const at = writer.length;
    writer.u16(0);
    const length = writer.utf8(encodeProperties(propertiesOf(client, message)));
    if (length > MAX_PROPERTIES_BYTES) {
      throw new RangeError(
        `Cannot send properties of ${length} bytes: brokers take up to ${MAX_PROPERTIES_BYTES}`,
      );
    }
    writer.patchU16(at, length);
    writer.patchU32(start, writer.length - start);
  }
  return writer.bytes();
}
