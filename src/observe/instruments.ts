/** One instrument. */
export interface InstrumentSpec {
  readonly name: string;
  readonly kind: "histogram" | "counter" | "up-down counter" | "gauge";
  readonly unit: string;
  readonly description: string;
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

/** The histograms: recorded call by call, in seconds. */
export const HISTOGRAM = {
  clientCall: histogram("rpc.client.call.duration", "Calls, from the proxy to their end", CONVENTIONAL),
  send: histogram(
    "messaging.client.operation.duration",
    "One-way calls, from the proxy to their receipt",
    CONVENTIONAL,
  ),
  serverCall: histogram(
    "rpc.server.call.duration",
    "Calls, from their receipt to when their answer is stored",
    CONVENTIONAL,
  ),
  process: histogram(
    "messaging.process.duration",
    "One-way calls, from their receipt to when they are settled",
    CONVENTIONAL,
  ),
  broker: histogram(
    "rocket_actors.broker.duration",
    "From when the broker stored a call to its receipt",
    FINE,
  ),
  mailbox: histogram("rocket_actors.mailbox.duration", "From the receipt of a call to its claim", FINE),
  handler: histogram("rocket_actors.handler.duration", "Attempts: runs of handlers", FINE),
} as const satisfies Readonly<Record<string, InstrumentSpec>>;

/** What is read when metrics are collected: from the caller's series, and from the system's tree. */
export const OBSERVED = {
  activeCalls: upDown("rocket_actors.client.active_calls", "{call}", "Calls under way"),
  resends: counter("rocket_actors.client.resends", "{call}", "Calls that their caller sent again"),
  lateReplies: counter(
    "rocket_actors.client.late_replies",
    "{reply}",
    "Replies that nobody waited for any more",
  ),
  refusedReplies: counter(
    "rocket_actors.client.refused_replies",
    "{reply}",
    "What came in place of a reply and was none",
  ),
  depth: upDown("rocket_actors.mailbox.calls", "{call}", "Calls that wait in the mailbox"),
  running: upDown("rocket_actors.handler.running", "{call}", "Handlers at work"),
  crashes: counter("rocket_actors.handler.crashes", "{crash}", "Runs that ended with what is no answer"),
  abandoned: counter("rocket_actors.handler.abandoned", "{handler}", "Handlers that were left behind"),
  restarts: counter("rocket_actors.actor.restarts", "{restart}", "Actors that were started again"),
  suspended: upDown("rocket_actors.actor.suspended", "{actor}", "Actors that are suspended"),
  cells: upDown("rocket_actors.entity.cells", "{actor}", "Keys of an entity that have an actor"),
  unsettled: upDown("rocket_actors.service.unsettled", "{call}", "Calls received and not settled"),
  deadLetters: counter("rocket_actors.service.dead_letters", "{call}", "Requests that became dead letters"),
  events: counter("rocket_actors.service.events", "{event}", "What else became of requests, by name"),
  lag: upDown(
    "rocket_actors.queue.lag",
    "{message}",
    "Messages of an owned queue that are not settled, received or not",
  ),
  age: {
    name: "rocket_actors.queue.age",
    kind: "gauge",
    unit: "s",
    description: "How long ago the oldest call of an owned queue was stored that is here and not settled",
  },
} as const satisfies Readonly<Record<string, InstrumentSpec>>;

function histogram(name: string, description: string, buckets: readonly number[]): InstrumentSpec {
  return { name, kind: "histogram", unit: "s", description, buckets };
}

function counter(name: string, unit: string, description: string): InstrumentSpec {
  return { name, kind: "counter", unit, description };
}

function upDown(name: string, unit: string, description: string): InstrumentSpec {
  return { name, kind: "up-down counter", unit, description };
}
