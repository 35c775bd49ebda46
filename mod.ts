/**
 * Calls between services over Apache RocketMQ: each method of a service is an actor whose mailbox is backed by a
 * queue on the service's class topic, and callers hold typed proxies.
 *
 * This entry point loads JSON and the embedded transport only. RocketMQ itself is at `./transport/remoting`.
 *
 * @module
 */

// A contract.
export { defineEntity, defineService } from "./src/contract/define.ts";
export { method, type MethodDeclarer } from "./src/contract/method.ts";
export {
  type AnySchema,
  type Schema,
  type SchemaIssue,
  type SchemaResult,
  type,
} from "./src/contract/schema.ts";
export type {
  AnyMethod,
  Awaitable,
  CallArgs,
  CallOf,
  Calls,
  Client,
  Contract,
  ContractBase,
  ContractOptions,
  Declared,
  DeclaredErrorSpec,
  Entity,
  EntityClient,
  ErrorsOf,
  ErrorsOption,
  ErrorSpec,
  ErrorSpecs,
  Items,
  ItemStream,
  Method,
  MethodOptions,
  Methods,
  MethodSettings,
  MethodTypes,
  NoErrors,
  Oneway,
  OnewayOptions,
  Receipt,
  Service,
  ServiceOptions,
  Stream,
  StreamOptions,
  StreamTypes,
} from "./src/contract/types.ts";

// Serving it.
export { createSystem } from "./actors/system.ts";
export type { System, SystemOptions } from "./actors/system.ts";
export type { ServiceHandle, ServiceState } from "./actors/served_service.ts";
export { actor } from "./actors/actor.ts";
export type {
  ActorSupervision,
  MethodServeOptions,
  ServeOptions,
  ServeSupervision,
} from "./actors/serve_options.ts";
export type {
  Actor,
  CellContext,
  EntityFactory,
  ErrorArgs,
  Handler,
  HandlerContext,
  HandlerInput,
  HandlerLog,
  HandlerOf,
  Handlers,
  Implementation,
  MethodContext,
  Self,
  ServiceHandlers,
  SharedErrors,
} from "./src/call/handler.ts";

// Supervising and watching it.
export type { GiveUp, Restart } from "./actors/supervision/child.ts";
export type { RestartBackoff, Strategy, SupervisionOptions } from "./actors/supervision/supervision.ts";
export { formatTree, type FormatTreeOptions } from "./actors/format_tree.ts";
export type { TreeAbandoned, TreeFailure, TreeKind, TreeNode, TreeState } from "./src/call/tree.ts";

// What bodies are written in; MessagePack and Protobuf have entry points of their own.
export { json } from "./src/codec/json.ts";
export type { BodyPlace, Codec } from "./src/codec/codec.ts";

// Calling it.
export { createClient } from "./actors/client.ts";
export type { CallerOptions, CallerSystem, ClientOptions, Target } from "./actors/client.ts";
export type { Call, Invoke } from "./src/call/call.ts";
export type { CallInterceptor, Handle, HandledCall, HandlerInterceptor } from "./src/call/interceptor.ts";
export type { CallOptions } from "./src/contract/call_options.ts";

// The health of an instance.
export { Health, type HealthMethods, type InstanceInfo } from "./src/services/health.ts";
export type { ContractStats, Counts, MethodStats } from "./src/services/stats.ts";

// What went wrong.
export {
  type DeclaredError,
  type DeclaredName,
  type ErrorSource,
  RpcError,
  type RpcErrorOptions,
} from "./src/errors/rpc_error.ts";
export { type Code, CODES, isCode } from "./src/errors/code.ts";
export { SchemaError } from "./src/contract/validate.ts";
export { neverRan, type Outcome, OUTCOMES } from "./src/errors/outcome.ts";

// Without a broker.
export {
  embedded,
  type EmbeddedBroker,
  embeddedBroker,
  type EmbeddedBrokerOptions,
  type EmbeddedMessage,
} from "./src/transport/embedded/mod.ts";

// Running once.
export { MemoryStore, memoryStore, type MemoryStoreOptions } from "./src/store/memory_store.ts";
export type {
  BeginOptions,
  Begun,
  Claim,
  Finding,
  OutcomeStore,
  RetentionOptions,
  Unknown,
  Work,
} from "./src/store/outcome_store.ts";

// For authors of transports and tests.
export type { Sources } from "./actors/parts.ts";
export { type Clock, systemClock, type Timer } from "./src/async/clock.ts";
export type { Random } from "./src/async/random.ts";
export type { RandomBytes } from "./src/async/ids.ts";
export type {
  Addresses,
  Capabilities,
  Delivery,
  DirectMessage,
  LookupOptions,
  Member,
  Message,
  Near,
  Partition,
  PlainRequest,
  QueuePlan,
  QueueRef,
  SendOptions,
  SendReceipt,
  SendToOptions,
  Sink,
  StoredReply,
  Subscription,
  TopicSpec,
  Transport,
  TransportStart,
  TransportState,
  Waiting,
} from "./src/transport/transport.ts";
