import { RequestCode } from "../remote/codes.ts";
import type { RequestCommand } from "../remote/command.ts";
import { expectSuccess } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { asArray, asInteger, asObject, asText, jsonBody, readJsonBody } from "./json.ts";
import { withoutNamespace } from "./namespace.ts";
import type { QueueId } from "./queue.ts";
import type { RequestOptions } from "./request_options.ts";

/** Queues that one client of a group wants for itself. */
export interface QueueLock {
  /** The consumer group. */
  readonly group: string;
  /** All of the one broker that is asked. */
  readonly queues: readonly QueueId[];
  /**
   * In whose name. Default: this client's. A broker believes it, also for a client that is alive: only for one that
   * is known to be gone.
   */
  readonly holder?: string | undefined;
}

/**
 * Locks queues for this client, or renews its locks. A lock ends 60 s after it was last renewed, whether or not its
 * holder is alive, and with a restart of the broker. Answers do not name other holders.
 *
 * @param address the master of all these queues, `host:port`
 * @returns those of the queues that this client holds now
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function lockQueues(
  client: RocketMqClient,
  address: string,
  lock: QueueLock,
  options?: RequestOptions,
): Promise<readonly QueueId[]> {
  const response = await client.request(
    address,
    lockRequest(RequestCode.LOCK_BATCH_MQ, client, lock),
    options,
  );
  return readJsonBody(expectSuccess(response, address), address, (value) => {
    return asArray(asObject(value, "The body")["lockOKMQSet"], "lockOKMQSet")
      .map((queue) => parseQueue(queue, client));
  });
}

/**
 * Gives locks back, of this client or of the holder named.
 *
 * @param address the master of all these queues, `host:port`
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function unlockQueues(
  client: RocketMqClient,
  address: string,
  lock: QueueLock,
  options?: RequestOptions,
): Promise<void> {
  const request = lockRequest(RequestCode.UNLOCK_BATCH_MQ, client, lock);
  expectSuccess(await client.request(address, request, options), address);
}

/** RocketMQ: LockBatchRequestBody, UnlockBatchRequestBody. */
function lockRequest(
  code: number,
  client: RocketMqClient,
  { group, queues, holder = client.clientId }: QueueLock,
): RequestCommand {
  const mqSet = queues.map((queue) => ({
    topic: client.onWire(queue.topic),
    brokerName: queue.brokerName,
    queueId: queue.queueId,
  }));
  const body = jsonBody({
    consumerGroup: client.onWire(group),
    clientId: holder,
    onlyThisBroker: false,
    mqSet,
  });
  const brokerName = queues[0]?.brokerName;
  return { code, fields: brokerName === undefined ? {} : { bname: brokerName }, body };
}

function parseQueue(value: unknown, { namespace }: RocketMqClient): QueueId {
  const queue = asObject(value, "lockOKMQSet[]");
  return {
    topic: withoutNamespace(namespace, asText(queue["topic"], "topic")),
    brokerName: asText(queue["brokerName"], "brokerName"),
    queueId: asInteger(queue["queueId"], "queueId"),
  };
}
