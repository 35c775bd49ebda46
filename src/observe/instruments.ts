import { ATTRIBUTE } from "./attributes.ts";

/** One instrument. */
export interface InstrumentSpec {
  readonly name: string;
  readonly kind: "histogram" | "counter" | "up-down counter" | "gauge";
  readonly unit: string;
  readonly description: string;
  /** What its numbers are told apart by, besides `rpc.system.name`. */
  readonly by: readonly string[];
  readonly buckets?: readonly number[];
}

/** Upper bounds that the conventions ask for, in seconds. */
const CONVENTIONAL = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
/** Upper bounds for what usually takes less than a millisecond, in seconds. */
const FINE = [
  0.0001,
  0.00025,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
] as const;

const {
  method,
  code,
  errorType,
  outcome,
  messaging,
  operation,
  operationType,
  attempt,
  contract,
  event,
  queue,
  topic,
} = ATTRIBUTE;
const MESSAGE = [method, messaging, operation, operationType, topic, code, errorType];

/** The histograms: recorded call by call, in seconds. */
export const HISTOGRAM = {
  clientCall: histogram(
    "rpc.client.call.duration",
    "Calls, from the proxy to their end",
    [method, code, errorType, outcome],
    CONVENTIONAL,
  ),
  send: histogram(
    "messaging.client.operation.duration",
    "One-way calls, from the proxy to their receipt",
    [...MESSAGE, outcome],
    CONVENTIONAL,
  ),
  serverCall: histogram(
    "rpc.server.call.duration",
    "Calls, from when they are received to when their answer is stored",
    [method, code, errorType],
    CONVENTIONAL,
  ),
  process: histogram(
    "messaging.process.duration",
    "One-way calls, from when they are received to when they are settled",
    MESSAGE,
    CONVENTIONAL,
  ),
  broker: histogram(
    "rocket_actors.broker.duration",
    "Calls, from when the broker stored them to when they are received",
    [method],
    FINE,
  ),
  mailbox: histogram(
    "rocket_actors.mailbox.duration",
    "Calls, from when they are received to their handler's turn",
    [method],
    FINE,
  ),
  handler: histogram("rocket_actors.handler.duration", "Attempts: runs of handlers", [
    method,
    attempt,
    errorType,
  ], FINE),
} as const satisfies Readonly<Record<string, InstrumentSpec>>;

/** What is read when metrics are collected: from the caller's series, and from the system's tree. */
export const OBSERVED = {
  activeCalls: upDown("rocket_actors.client.active_calls", "{call}", "Calls under way", [method]),
  resends: counter("rocket_actors.client.resends", "{call}", "Calls that their caller sent again", [method]),
  lateReplies: counter(
    "rocket_actors.client.late_replies",
    "{reply}",
    "Replies that nobody waited for any more",
    [],
  ),
  refusedReplies: counter(
    "rocket_actors.client.refused_replies",
    "{reply}",
    "What came in place of a reply and was none",
    [],
  ),
  depth: upDown("rocket_actors.mailbox.calls", "{call}", "Calls that wait in the mailbox", [method]),
  running: upDown("rocket_actors.handler.running", "{call}", "Handlers at work", [method]),
  crashes: counter("rocket_actors.handler.crashes", "{crash}", "Runs that ended with what is no answer", [
    method,
  ]),
  abandoned: counter("rocket_actors.handler.abandoned", "{handler}", "Handlers that were left behind", [
    method,
  ]),
  restarts: counter("rocket_actors.actor.restarts", "{restart}", "Actors that were started again", [method]),
  suspended: upDown("rocket_actors.actor.suspended", "{actor}", "Actors that are suspended", [method]),
  cells: upDown("rocket_actors.entity.cells", "{actor}", "Keys of an entity that have an actor", [method]),
  unsettled: upDown("rocket_actors.service.unsettled", "{call}", "Calls received and not settled", [
    contract,
  ]),
  deadLetters: counter("rocket_actors.service.dead_letters", "{call}", "Requests that became dead letters", [
    contract,
  ]),
  events: counter("rocket_actors.service.events", "{event}", "What else became of requests", [
    contract,
    event,
  ]),
  lag: upDown(
    "rocket_actors.queue.lag",
    "{message}",
    "Messages of an owned queue that are not settled, received or not",
    [contract, queue],
  ),
  age: {
    name: "rocket_actors.queue.age",
    kind: "gauge",
    unit: "s",
    description: "How long ago the oldest call of an owned queue was stored that is here and not settled",
    by: [contract, queue],
  },
} as const satisfies Readonly<Record<string, InstrumentSpec>>;

function histogram(
  name: string,
  description: string,
  by: readonly string[],
  buckets: readonly number[],
): InstrumentSpec {
  return { name, kind: "histogram", unit: "s", description, by, buckets };
}

function counter(name: string, unit: string, description: string, by: readonly string[]): InstrumentSpec {
  return { name, kind: "counter", unit, description, by };
}

function upDown(name: string, unit: string, description: string, by: readonly string[]): InstrumentSpec {
  return { name, kind: "up-down counter", unit, description, by };
}
