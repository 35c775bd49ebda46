/**
 * A native client of Apache RocketMQ 4.9 and 5.x over the remoting protocol, usable alone: it knows nothing of calls
 * or actors. Two layers:
 *
 * - **remote**: frames, commands and connections with many calls in flight.
 * - **client**: {@linkcode RocketMqClient} with routes, name servers and reconnection, and a typed function for each
 *   request: send, reply, pull, offsets, locks, members, look-ups, administration.
 *
 * Every wait has an end: a timeout by default, and an `AbortSignal` where the caller gives one. What fails throws a
 * {@linkcode RocketMqError} that says whether the request may have been handled.
 *
 * @module
 */

// What the client is given, so that tests can hold time and chance still.
export type { Clock, Timer } from "../async/clock.ts";
export type { Random } from "../async/random.ts";

// Errors.
export {
  type RefusedAccess,
  RocketMqError,
  type RocketMqErrorKind,
  type RocketMqErrorOptions,
} from "./error.ts";

// The client.
export { type ClientOptions, RocketMqClient } from "./client/client.ts";
export type { ConnectionEvent } from "./client/peer.ts";
export {
  type HeldValue,
  type NameServerAnswer,
  type NameServerRequestOptions,
  NameServers,
  type NameServersOptions,
  type SendRequest,
} from "./client/name_servers.ts";
export type { RequestOptions } from "./client/request_options.ts";
export {
  MASTER_ID,
  masterAddress,
  PERM_READ,
  PERM_WRITE,
  readAddress,
  type RouteBroker,
  type RouteQueues,
  type TopicRoute,
} from "./client/route.ts";
export type { RouteOptions } from "./client/routes.ts";
export { checkNamespace, withNamespace, withoutNamespace } from "./client/namespace.ts";

// Groups.
export {
  type ConsumerGroup,
  heartbeat,
  type HeartbeatAnswer,
  type HeartbeatData,
  type Membership,
  type Subscription,
  unregister,
} from "./client/heartbeat.ts";
export { consumerIds, type GroupAtBroker } from "./client/members.ts";
export { brokerConfig } from "./client/broker_config.ts";
export { groupExists } from "./client/groups.ts";
export { lockQueues, type QueueLock, unlockQueues } from "./client/locks.ts";

// Messages.
export {
  type OutgoingMessage,
  type ReplyResult,
  sendMessage,
  sendReply,
  type SendResult,
  type SendStatus,
  TEMPLATE_TOPIC,
} from "./client/send.ts";
export { type BatchedMessage, type BatchPlace, sendBatch } from "./client/send_batch.ts";
export {
  pull,
  type PullRequest,
  type PullResult,
  type PullStatus,
  type PullSubscription,
} from "./client/pull.ts";
export { type KeyQuery, queryByKey, viewMessage } from "./client/query.ts";
export type { Compression } from "./client/message_body.ts";
export { decodeMessages, type DecodeOptions, type StoredMessage } from "./client/message.ts";
export {
  createUniqueIds,
  type MessagePlace,
  offsetMessageId,
  parseOffsetMessageId,
} from "./client/message_id.ts";
export type { UniqueIdOptions } from "./client/message_id.ts";
export type { BinaryHost } from "./client/host.ts";
export { decodeProperties, encodeProperties } from "./client/properties.ts";
export { PropertyName, REPLY_MESSAGE_TYPE, replyTopic } from "./client/property_names.ts";
export { ALL_TAGS, filterByTags, parseTags, tagHash } from "./client/tags.ts";

// Offsets.
export {
  type GroupQueue,
  maxOffset,
  minOffset,
  offsetAtTime,
  type OffsetUpdate,
  queryOffset,
  updateOffset,
  type UpdateOffsetOptions,
} from "./client/offsets.ts";
export type { QueueId } from "./client/queue.ts";

// Administration.
export {
  createSubscriptionGroup,
  createTopic,
  deleteSubscriptionGroup,
  deleteTopic,
  forgetTopic,
  type SubscriptionGroupConfig,
  type TopicConfig,
} from "./client/topics.ts";
export { type BrokerRuntimeInfo, brokerRuntimeInfo } from "./client/broker_info.ts";
export {
  type ClientConnection,
  consumerConnections,
  type ConsumeStats,
  consumeStats,
  producerConnections,
  type QueueStats,
  topicNames,
  topicStats,
} from "./client/inspection.ts";
export { type ClusterInfo, clusterInfo, masterAddresses } from "./client/cluster.ts";

// For requests of one's own, and for answering a broker's.
export { RequestCode, ResponseCode } from "./remote/codes.ts";
export type { Credentials, CredentialsSource } from "./remote/credentials.ts";
export type { Serialization } from "./remote/frame.ts";
export type { WriteTime } from "./remote/outbox.ts";
export type { TlsOptions } from "./remote/tls.ts";
export type { Command, Fields, RequestCommand, RequestReply } from "./remote/command.ts";
export { expectSuccess, refusal } from "./remote/response.ts";
