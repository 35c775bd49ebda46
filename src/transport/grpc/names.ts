/** What every client id of this library begins with. */
export const OUR_MARKER = "rka1-";
/** The topic of replies, shared by all instances; a tag says for whom each one is. */
export const REPLY_TOPIC = "rpc-replies";
/** What queues are numbered within: which broker stores a message is the proxy's choice. */
export const PROXY = "proxy";

/** How the topics of dead letters begin, with or without a namespace behind it. */
const DEAD_LETTERS = "%DLQ%";

/** The client id of an instance, for one consumer group. */
export function clientIdOf(instance: number, group: string): string {
  return `${OUR_MARKER}${instance.toString(36)}@${group}`;
}

/** The tag of an instance's messages in the topic of replies. */
export function replyTag(instance: number): string {
  return instance.toString(36);
}

/** The group by which an instance reads them: offsets belong to groups, so that each needs its own. */
export function replyGroup(instance: number): string {
  return `${REPLY_TOPIC}-${instance.toString(36)}`;
}

/** What servers know a topic or a group by. */
export function onWire(name: string, namespace: string | undefined): string {
  if (namespace === undefined) return name;
  const prefix = name.startsWith(DEAD_LETTERS) ? DEAD_LETTERS : "";
  return `${prefix}${namespace}%${name.slice(prefix.length)}`;
}

/** What the transport itself puts on messages. Nobody else sees it. */
export const PROPERTY = {
  /** The queue that its sender chose. */
  queue: "rka-queue",
  /** The message group, where the topic keeps no order. */
  group: "rka-group",
  correlationId: "rka-correlation",
  replyTo: "rka-reply-to",
  ttl: "rka-ttl",
  /** On what an instance sends to itself to find out whether it is reached. */
  hello: "rka-hello",
} as const;

/**
 * Names that mean something to RocketMQ: proxies refuse messages with them, and take them off those that they deliver.
 * org.apache.rocketmq.common.message.MessageConst, 5.5.0.
 */
export const RESERVED: ReadonlySet<string> = new Set([
  ..."KEYS TAGS WAIT DELAY RETRY_TOPIC ORIGIN_GROUP REAL_TOPIC REAL_QID TRAN_MSG PGROUP MIN_OFFSET MAX_OFFSET"
    .split(" "),
  ..."BUYER_ID ORIGIN_MESSAGE_ID TRANSFER_FLAG CORRECTION_FLAG MQ2_FLAG RECONSUME_TIME MSG_REGION TRACE_ON"
    .split(" "),
  ..."UNIQ_KEY TRANS_OFFSET EXTEND_UNIQ_INFO MAX_RECONSUME_TIMES CONSUME_START_TIME _SYS_MSG_PRIORITY_".split(
    " ",
  ),
  ..."INNER_NUM INNER_BASE DUP_INFO CHECK_IMMUNITY_TIME_IN_SECONDS TRAN_PREPARED_QUEUE_OFFSET".split(" "),
  ..."__transactionId__ TRANSACTION_CHECK_TIMES INSTANCE_ID CORRELATION_ID REPLY_TO_CLIENT TTL".split(" "),
  ..."ARRIVE_TIME PUSH_REPLY_TIME CLUSTER MSG_TYPE POP_CK POP_CK_OFFSET 1ST_POP_TIME __SHARDINGKEY".split(
    " ",
  ),
  ..."__LITE_TOPIC PROPERTY_FORWARD_QUEUE_ID REDIRECT INNER_MULTI_DISPATCH INNER_MULTI_QUEUE_OFFSET".split(
    " ",
  ),
  ..."TRACE_CONTEXT TIMER_DELAY_SEC TIMER_DELIVER_MS __BORNHOST BORN_TIMESTAMP K U T E_T R F".split(" "),
  ..."TIMER_ENQUEUE_MS TIMER_DEQUEUE_MS TIMER_ROLL_TIMES TIMER_OUT_MS TIMER_DEL_UNIQKEY".split(" "),
  ..."TIMER_ROLL_LABEL TIMER_DELAY_LEVEL TIMER_DELAY_MS __CRC32# DLQ_ORIGIN_TOPIC".split(" "),
  ..."DLQ_ORIGIN_MESSAGE_ID __RMQ.TRANSIENT. __RMQ.TRANSIENT.TOPIC_SYS_FLAG".split(" "),
  "__RMQ.TRANSIENT.GROUP_SYS_FLAG",
]);
