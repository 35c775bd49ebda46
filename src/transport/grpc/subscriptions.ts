import { closed } from "../closed.ts";
import type { Sink, Subscription, TransportStart, Waiting } from "../transport.ts";
import { untilAborted } from "../until_aborted.ts";
import { Identity } from "./client/account.ts";
import type { Connection } from "./client/connection.ts";
import { Consumer } from "./consumer.ts";
import { toNotSent } from "./errors.ts";
import { clientIdOf } from "./names.ts";
import type { GrpcSettings } from "./options.ts";
import type { TopicRoutes } from "./topic_routes.ts";
import { unorderedGroup } from "./topics.ts";

/** What joining groups takes. */
export interface SubscriptionsOptions {
  readonly start: TransportStart;
  readonly settings: GrpcSettings;
  readonly connection: Connection;
  readonly routes: TopicRoutes;
}

/** The groups that an instance is in. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  /** By group. */
  readonly #known = new Map<string, Subscription>();
  #closed = false;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /**
   * Joins a group.
   *
   * @throws {TypeError} when it is in it already
   * @throws {RpcError} why it cannot, `not_sent`
   */
  async join(topic: string, group: string, sink: Sink, { signal: given }: Waiting): Promise<Subscription> {
    if (this.#known.has(group)) throw new TypeError(`Cannot join group "${group}" twice`);
    const ending = new AbortController();
    const signal = given === undefined ? ending.signal : AbortSignal.any([ending.signal, given]);
    const joining = this.#join(topic, group, sink, signal);
    let leaving: Promise<void> | undefined;
    const leave = async (): Promise<void> => {
      // What is open by now no longer hears of it.
      ending.abort(closed());
      const consumer = await joining.catch(() => undefined);
      await consumer?.close();
      this.#known.delete(group);
    };
    const subscription: Subscription = {
      close: ({ signal } = {}) => untilAborted(leaving ??= leave(), signal),
    };
    // Known from here on, so that closing the transport waits for it.
    this.#known.set(group, subscription);
    try {
      await joining;
      return subscription;
    } catch (error) {
      this.#known.delete(group);
      throw toNotSent(error);
    }
  }

  /** Leaves all of them. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#known.values()].map((subscription) => subscription.close()));
  }

  async #join(topic: string, group: string, sink: Sink, signal: AbortSignal): Promise<Consumer> {
    const { start: { clock, random, instance }, settings, connection, routes } = this.#options;
    const { credentials, namespace, pollMs, redeliverAfterMs } = settings;
    const { route, queues } = await routes.of(topic, { signal });
    const consumer = new Consumer({
      connection,
      clock,
      random,
      namespace,
      topic,
      group,
      queues,
      pollMs,
      redeliverAfterMs,
      sink,
      ordered: route.fifo,
      identity: new Identity(clientIdOf(instance, group), credentials, namespace),
      brokers: async () => (await routes.of(topic)).route.brokers,
    });
    try {
      const { fifo } = await consumer.open({ signal });
      if (route.fifo && !fifo) throw unorderedGroup(topic, group, namespace);
      // What closed meanwhile has left its groups already.
      if (this.#closed) throw closed();
      consumer.begin(route.brokers);
      return consumer;
    } catch (error) {
      await consumer.close();
      throw error;
    }
  }
}
