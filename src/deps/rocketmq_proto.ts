// CommonJS: the default import is what is there at run time; named ones only pass the type check.
import definition from "npm:rocketmq-client-nodejs@1.0.8/proto/apache/rocketmq/v2/definition_pb.js";
import service from "npm:rocketmq-client-nodejs@1.0.8/proto/apache/rocketmq/v2/service_pb.js";
import stub from "npm:rocketmq-client-nodejs@1.0.8/proto/apache/rocketmq/v2/service_grpc_pb.js";

/** The messages of RocketMQ's gRPC protocol, as its Node client generates them. */
export const {
  Broker,
  ClientType,
  Digest,
  DigestType,
  Encoding,
  FilterExpression,
  FilterType,
  Language,
  Message,
  MessageQueue,
  MessageType,
  Permission,
  Resource,
  Settings,
  Status,
  Subscription,
  SubscriptionEntry,
  SystemProperties,
  UA,
} = definition;

/** Requests and answers of its service. */
export const {
  AckMessageEntry,
  AckMessageRequest,
  AckMessageResponse,
  AckMessageResultEntry,
  ChangeInvisibleDurationRequest,
  ChangeInvisibleDurationResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  NotifyClientTerminationRequest,
  NotifyClientTerminationResponse,
  QueryRouteRequest,
  QueryRouteResponse,
  ReceiveMessageRequest,
  ReceiveMessageResponse,
  SendMessageRequest,
  SendMessageResponse,
  SendResultEntry,
  TelemetryCommand,
} = service;

/** The service, from both ends. */
export const { MessagingServiceClient, MessagingServiceService } = stub;

export type {
  Message as ProtoMessage,
  MessageQueue as ProtoQueue,
  Resource as ProtoResource,
  Settings as ProtoSettings,
  Status as ProtoStatus,
} from "npm:rocketmq-client-nodejs@1.0.8/proto/apache/rocketmq/v2/definition_pb.js";
export type {
  AckMessageResponse as ProtoAckResponse,
  ChangeInvisibleDurationResponse as ProtoChangeInvisibleResponse,
  HeartbeatResponse as ProtoHeartbeatResponse,
  NotifyClientTerminationResponse as ProtoTerminationResponse,
  QueryRouteResponse as ProtoRouteResponse,
  ReceiveMessageResponse as ProtoReceiveResponse,
  SendMessageResponse as ProtoSendResponse,
  TelemetryCommand as ProtoTelemetryCommand,
} from "npm:rocketmq-client-nodejs@1.0.8/proto/apache/rocketmq/v2/service_pb.js";
export type {
  MessagingServiceClient as ProxyStub,
} from "npm:rocketmq-client-nodejs@1.0.8/proto/apache/rocketmq/v2/service_grpc_pb.js";
