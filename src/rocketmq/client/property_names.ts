/** Names of message properties that clients and brokers give a meaning. RocketMQ: MessageConst. */
export const PropertyName = {
  /** Keys a message is found by, separated by blanks. */
  KEYS: "KEYS",
  /** The one tag that consumers filter by. */
  TAGS: "TAGS",
  /** `false`: the producer does not wait until the message is flushed. */
  WAIT: "WAIT",
  /** Delay level, 1 to 18. */
  DELAY: "DELAY",
  /** Deliver after so many milliseconds. */
  TIMER_DELAY_MS: "TIMER_DELAY_MS",
  /** Deliver at this time, epoch milliseconds. */
  TIMER_DELIVER_MS: "TIMER_DELIVER_MS",
  /** Namespace of the topic. */
  NAMESPACE: "INSTANCE_ID",
  /** Topic that a delayed or half message is meant for. */
  REAL_TOPIC: "REAL_TOPIC",
  /** Queue that a delayed or half message is meant for. */
  REAL_QUEUE: "REAL_QID",
  /** Topic that a message of a retry topic came from. */
  RETRY_TOPIC: "RETRY_TOPIC",
  /** Offset message id of the first delivery. */
  ORIGIN_MESSAGE_ID: "ORIGIN_MESSAGE_ID",
  /** The message's own id, made by its producer. */
  UNIQUE_KEY: "UNIQ_KEY",
  /** Half message of a transaction. */
  TRANSACTION: "TRAN_MSG",
  /** Which request a reply belongs to. */
  CORRELATION_ID: "CORRELATION_ID",
  /** Client id that the broker pushes the reply to. */
  REPLY_TO_CLIENT: "REPLY_TO_CLIENT",
  /** Time a requester waits: Java writes milliseconds, Go seconds. */
  TTL: "TTL",
  /** `reply` on a reply. */
  MESSAGE_TYPE: "MSG_TYPE",
  /** The broker's cluster; added by the broker to every single message. */
  CLUSTER: "CLUSTER",
  /** When the broker pushed a reply, epoch milliseconds. */
  PUSH_REPLY_TIME: "PUSH_REPLY_TIME",
  /** What keeps messages in one order. */
  SHARDING_KEY: "__SHARDINGKEY",
  /** Region for message traces. */
  REGION: "MSG_REGION",
  /** `false`: no message trace. */
  TRACE_ON: "TRACE_ON",
  /** Topic of a dead letter. */
  DEAD_LETTER_TOPIC: "DLQ_ORIGIN_TOPIC",
  /** Id of a dead letter's message. */
  DEAD_LETTER_MESSAGE_ID: "DLQ_ORIGIN_MESSAGE_ID",
} as const;

/** Value of {@linkcode PropertyName.MESSAGE_TYPE} on a reply. RocketMQ: MixAll.REPLY_MESSAGE_FLAG. */
export const REPLY_MESSAGE_TYPE = "reply";

/** The topic that replies of a cluster are sent to. RocketMQ: MixAll.REPLY_TOPIC_POSTFIX. */
export function replyTopic(cluster: string): string {
  return `${cluster}_REPLY_TOPIC`;
}
