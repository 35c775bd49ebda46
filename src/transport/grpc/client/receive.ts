import {
  Broker,
  FilterExpression,
  FilterType,
  MessageQueue,
  type ProtoMessage,
  type ProtoReceiveResponse,
  type ProtoStatus,
  ReceiveMessageRequest,
} from "../../../deps/rocketmq_proto.ts";
import { GrpcStatus } from "../../../deps/grpc.ts";
import { ProxyCode } from "./codes.ts";
import type { Lease } from "./connection.ts";
import { RECEIVE_GRACE_MS } from "./defaults.ts";
import { fromGrpc, fromStatus, ProxyError } from "./error.ts";
import { duration, resource } from "./protocol.ts";
import type { Caller } from "./requests.ts";

/** What is received, from where, and for how long. */
export interface ReceiveOptions extends Pick<Caller, "identity" | "clock"> {
  readonly namespace: string | undefined;
  readonly topic: string;
  readonly group: string;
  readonly broker: string;
  readonly expression: string;
  /** How long the proxy waits for a first message. Milliseconds. */
  readonly pollMs: number;
  /** How long what is received stays invisible to others. Milliseconds. */
  readonly invisibleMs: number;
}

/**
 * Receives once: hands on each message as it comes, and resolves when there are no more. Never rejects, as what came
 * before a failure has come.
 *
 * @param messages how many at most
 * @param signal gives it up at once; what the proxy has taken for it by then comes again only after a while
 * @returns why it ended, where it did not end well
 */
export function receive(
  lease: Lease,
  options: ReceiveOptions,
  messages: number,
  take: (message: ProtoMessage) => void,
  signal: AbortSignal,
): Promise<ProxyError | undefined> {
  const { identity, clock, pollMs } = options;
  // A channel that is closed throws where it is asked for a stream.
  if (signal.aborted || lease.signal.aborted) {
    return Promise.resolve(new ProxyError("not_sent", "The connection was given up before it was asked"));
  }
  const { promise, resolve } = Promise.withResolvers<ProxyError | undefined>();
  // gRPC's own timers go by the machine's clock.
  const deadline = Date.now() + pollMs + RECEIVE_GRACE_MS;
  const stream = lease.stub.receiveMessage(requestOf(options, messages), identity.metadata(clock.now()), {
    deadline,
  });
  let status: ProtoStatus | undefined;
  stream.on("data", (response: ProtoReceiveResponse) => {
    const message = response.getMessage();
    if (message !== undefined) take(message);
    else status = response.getStatus() ?? status;
  });
  // What went wrong comes as its status too, once, while a stream that failed ends as well.
  stream.on("error", () => {});
  const cancel = (): void => stream.cancel();
  stream.on("status", (end) => {
    signal.removeEventListener("abort", cancel);
    lease.signal.removeEventListener("abort", cancel);
    resolve(end.code === GrpcStatus.OK ? refusal(status) : fromGrpc(end));
  });
  signal.addEventListener("abort", cancel);
  lease.signal.addEventListener("abort", cancel);
  return promise;
}

function refusal(status: ProtoStatus | undefined): ProxyError | undefined {
  const code = status?.getCode();
  if (code === ProxyCode.OK || code === ProxyCode.MESSAGE_NOT_FOUND) return undefined;
  return fromStatus(status, "a receive");
}

function requestOf(options: ReceiveOptions, messages: number): InstanceType<typeof ReceiveMessageRequest> {
  const { namespace, topic, group, broker, expression, pollMs, invisibleMs } = options;
  const queue = new MessageQueue()
    .setTopic(resource(topic, namespace))
    .setBroker(new Broker().setName(broker));
  const request = new ReceiveMessageRequest()
    .setGroup(resource(group, namespace))
    .setMessageQueue(queue)
    .setFilterExpression(new FilterExpression().setType(FilterType.TAG).setExpression(expression))
    .setBatchSize(messages)
    .setAutoRenew(false);
  request.setInvisibleDuration(duration(invisibleMs));
  request.setLongPollingTimeout(duration(pollMs));
  return request;
}
