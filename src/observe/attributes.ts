/** Every attribute of spans, events and metrics, once. What is not `rocket_actors.` is OpenTelemetry's convention. */
export const ATTRIBUTE = {
  system: "rpc.system.name",
  method: "rpc.method",
  methodOriginal: "rpc.method_original",
  code: "rpc.response.status_code",
  errorType: "error.type",
  messaging: "messaging.system",
  operation: "messaging.operation.name",
  operationType: "messaging.operation.type",
  topic: "messaging.destination.name",
  queue: "messaging.destination.partition.id",
  group: "messaging.consumer.group.name",
  client: "messaging.client.id",
  callId: "messaging.message.conversation_id",
  tag: "messaging.rocketmq.message.tag",
  outcome: "rocket_actors.outcome",
  attempt: "rocket_actors.attempt",
  caller: "rocket_actors.caller",
  offset: "rocket_actors.queue.offset",
  calls: "rocket_actors.message.calls",
  brokerSeconds: "rocket_actors.broker.duration",
  mailboxSeconds: "rocket_actors.mailbox.duration",
  handlerSeconds: "rocket_actors.handler.duration",
  reason: "rocket_actors.reason",
  afterMs: "rocket_actors.after_ms",
  how: "rocket_actors.how",
  contract: "rocket_actors.contract",
  event: "rocket_actors.event",
} as const;

/** Events of spans, once. */
export const SPAN_EVENT = {
  sent: "sent",
  retry: "retry",
  deadLetter: "dead_letter",
  exception: "exception",
} as const;

/** What spans are called, before the method's name; calls and their service have the name alone, as RPC spans do. */
export const SPAN_NAME = {
  send: "send ",
  process: "process ",
  broker: "broker ",
  mailbox: "mailbox ",
  record: "record ",
  handler: "handler ",
} as const;

/** Who instruments. */
export const SCOPE = "rocket-actors";
/** The RPC system, as attributes name it. */
export const RPC_SYSTEM = "rocket_actors";
/** The messaging system, as the conventions name it. */
export const MESSAGING_SYSTEM = "rocketmq";
/** Stands for methods that no contract has, and for those beyond the bound of series. */
export const OTHER = "_OTHER";
