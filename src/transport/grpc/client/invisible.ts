import {
  ChangeInvisibleDurationRequest,
  type ProtoChangeInvisibleResponse,
} from "../../../deps/rocketmq_proto.ts";
import { expectOk } from "./error.ts";
import { duration, resource } from "./protocol.ts";
import { type Caller, request, type RequestOptions } from "./requests.ts";

/** One message that was received, and for whom. */
export interface ReceivedMessage {
  readonly namespace: string | undefined;
  readonly topic: string;
  readonly group: string;
  readonly messageId: string;
  readonly handle: string;
}

/**
 * Says when a message that was received comes again, from now on. Its handle is void then.
 *
 * @throws {ProxyError} what became of it
 */
export async function changeInvisible(
  caller: Caller,
  { namespace, topic, group, messageId, handle }: ReceivedMessage,
  ms: number,
  options?: RequestOptions,
): Promise<void> {
  const change = new ChangeInvisibleDurationRequest()
    .setGroup(resource(group, namespace))
    .setTopic(resource(topic, namespace))
    .setReceiptHandle(handle)
    .setMessageId(messageId);
  change.setInvisibleDuration(duration(ms));
  const answer = await request<ProtoChangeInvisibleResponse>(
    caller,
    (stub, metadata, given, callback) => stub.changeInvisibleDuration(change, metadata, given, callback),
    options,
  );
  expectOk(answer.getStatus(), "to give a message back");
}
