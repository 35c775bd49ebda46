/**
 * Calls between services over Apache RocketMQ: each method of a service is an actor whose mailbox is backed by a
 * queue on the service's class topic, and callers hold typed proxies.
 *
 * This entry point loads JSON and the embedded transport only. RocketMQ itself is at `./transport/remoting`.
 *
 * @module
 */

// A contract.
export { defineService } from "./src/contract/define.ts";
export { method } from "./src/contract/method.ts";
export type {
  AnyMethod,
  CallArgs,
  Calls,
  Client,
  Contract,
  Method,
  MethodOptions,
  Methods,
  MethodSettings,
  Service,
  ServiceOptions,
} from "./src/contract/types.ts";

// Serving it.
export { createSystem } from "./actors/system.ts";
export type { ServiceHandle, ServiceState, System, SystemOptions } from "./actors/system.ts";
export type { ServeOptions } from "./actors/service.ts";
export type { Awaitable, Handler, HandlerContext, Handlers } from "./src/call/handler.ts";

// Calling it.
export { createClient } from "./actors/client.ts";
export type { CallerOptions, CallerSystem, ClientOptions } from "./actors/client.ts";
export type { CallOptions } from "./src/contract/call_options.ts";

// What went wrong.
export { RpcError, type RpcErrorOptions } from "./src/errors/rpc_error.ts";
export { type Code, CODES, isCode } from "./src/errors/code.ts";
export { neverRan, type Outcome, OUTCOMES } from "./src/errors/outcome.ts";

// Without a broker.
export {
  embedded,
  type EmbeddedBroker,
  embeddedBroker,
  type EmbeddedBrokerOptions,
  type EmbeddedMessage,
} from "./src/transport/embedded/mod.ts";

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
  Member,
  Message,
  Partition,
  PlainRequest,
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
