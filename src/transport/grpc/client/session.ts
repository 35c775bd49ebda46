import { Backoff } from "../../../async/backoff.ts";
import type { Random } from "../../../async/random.ts";
import type { ClientDuplexStream } from "../../../deps/grpc.ts";
import {
  ClientType,
  FilterExpression,
  FilterType,
  HeartbeatRequest,
  Language,
  NotifyClientTerminationRequest,
  type ProtoHeartbeatResponse,
  type ProtoSettings,
  type ProtoTelemetryCommand,
  type ProtoTerminationResponse,
  Settings,
  Subscription,
  SubscriptionEntry,
  TelemetryCommand,
  UA,
} from "../../../deps/rocketmq_proto.ts";
import { pause } from "../../pause.ts";
import { ProxyCode } from "./codes.ts";
import type { Lease } from "./connection.ts";
import {
  FAREWELL_MS,
  HEARTBEAT_MS,
  REQUEST_TIMEOUT_MS,
  SETTINGS_TIMEOUT_MS,
  TELEMETRY_RETRY_MS,
} from "./defaults.ts";
import { expectOk, fromGrpc, fromStatus, ProxyError } from "./error.ts";
import { duration, resource } from "./protocol.ts";
import { type Caller, request } from "./requests.ts";

/** What a consumer tells its proxy of itself. */
export interface SessionOptions extends Caller {
  readonly random: Random;
  readonly namespace: string | undefined;
  readonly topic: string;
  readonly group: string;
  /** Tags, `a || b`, or `*`. */
  readonly expression: string;
  /** How long its receives are held. Milliseconds. */
  readonly pollMs: number;
  /** Whether the order of message groups is kept, should the proxy not know what its group says. */
  readonly ordered: boolean;
  /** Told of each time that it cannot be opened or kept. */
  readonly onTrouble: (error: unknown) => void;
}

/** A session while it lasts. */
export interface OpenSession {
  readonly lease: Lease;
  /** Whether the proxy keeps the order of message groups for this consumer group. */
  readonly fifo: boolean;
}

type TelemetryStream = ClientDuplexStream<ProtoTelemetryCommand, ProtoTelemetryCommand>;

/**
 * One consumer as its proxy knows it: a telemetry stream on which both sides state their settings, and heartbeats.
 * Nothing may be received before the proxy has answered the settings; after a reconnect it has forgotten them. It keeps
 * itself open until it is closed.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #backoff: Backoff;
  readonly #closing = new AbortController();
  #open: OpenSession | undefined;
  #opened = Promise.withResolvers<OpenSession>();
  #running: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ ...TELEMETRY_RETRY_MS, random: options.random });
    // Whoever waits for it hears of it; perhaps nobody does.
    this.#opened.promise.catch(() => {});
  }

  /** Begins to open it. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** The session, as soon as it is open. Rejects when it is closed first. */
  ready(): Promise<OpenSession> {
    return this.#open === undefined ? this.#opened.promise : Promise.resolve(this.#open);
  }

  /** Takes leave, at most for a second. Never rejects. Idempotent. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return void await this.#running;
    const open = this.#open;
    if (open !== undefined) await this.#farewell();
    this.#closing.abort(new ProxyError("not_sent", "The session is closed"));
    this.#opened.reject(this.#closing.signal.reason);
    await this.#running;
  }

  async #run(): Promise<void> {
    const { connection, clock, onTrouble } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      let pauseMs: number = TELEMETRY_RETRY_MS.initialMs;
      try {
        await this.#keep(await connection.ready(signal));
      } catch (error) {
        if (signal.aborted) return;
        onTrouble(error);
        // Where there is no connection, it was waited for already.
        if (!(error instanceof ProxyError && error.kind === "not_sent")) pauseMs = this.#backoff.next();
      }
      this.#forget();
      try {
        await pause(clock, pauseMs, signal);
      } catch {
        return;
      }
    }
  }

  #forget(): void {
    if (this.#open === undefined) return;
    this.#open = undefined;
    this.#opened = Promise.withResolvers();
    this.#opened.promise.catch(() => {});
  }

  /** Opens the session and keeps it until its stream ends. */
  async #keep(lease: Lease): Promise<void> {
    const { identity, clock } = this.#options;
    const stream: TelemetryStream = lease.stub.telemetry(identity.metadata(clock.now()));
    const ended = new AbortController();
    const end = (): void => ended.abort(this.#closing.signal.reason ?? lease.signal.reason);
    const answer = Promise.withResolvers<ProtoSettings>();
    stream.on("data", (command: ProtoTelemetryCommand) => {
      const settings = command.getSettings();
      const refused = (command.getStatus()?.getCode() ?? ProxyCode.OK) !== ProxyCode.OK;
      if (refused) ended.abort(fromStatus(command.getStatus(), "a session"));
      else if (settings !== undefined) answer.resolve(settings);
      // The proxy is about to go: what it asks for is a new session.
      else if (command.hasReconnectEndpointsCommand()) end();
    });
    // What went wrong comes as its status too; without a listener it would end the process.
    stream.on("error", () => {});
    stream.on("status", (status) => ended.abort(fromGrpc(status)));
    this.#closing.signal.addEventListener("abort", end);
    lease.signal.addEventListener("abort", end);
    try {
      if (this.#closing.signal.aborted || lease.signal.aborted) end();
      stream.write(this.#settings());
      await this.#talk(lease, answer.promise, ended.signal);
    } finally {
      this.#closing.signal.removeEventListener("abort", end);
      lease.signal.removeEventListener("abort", end);
      stream.end();
      stream.cancel();
    }
  }

  async #talk(lease: Lease, answer: Promise<ProtoSettings>, ended: AbortSignal): Promise<void> {
    const settings = await this.#inTime(answer, ended);
    await this.#heartbeat(ended);
    this.#backoff.reset();
    this.#open = { lease, fifo: settings.getSubscription()?.getFifo() ?? false };
    this.#opened.resolve(this.#open);
    for (;;) {
      await pause(this.#options.clock, HEARTBEAT_MS, ended);
      try {
        await this.#heartbeat(ended);
      } catch (error) {
        // A proxy that says nothing at all is taken for one whose connection is dead.
        if (error instanceof ProxyError && error.kind === "unknown") {
          this.#options.connection.suspect(lease, error.message);
        }
        throw error;
      }
    }
  }

  async #inTime(answer: Promise<ProtoSettings>, ended: AbortSignal): Promise<ProtoSettings> {
    const late = new ProxyError("unknown", `The proxy did not answer settings in ${SETTINGS_TIMEOUT_MS} ms`);
    const stop = new AbortController();
    const limit = pause(this.#options.clock, SETTINGS_TIMEOUT_MS, AbortSignal.any([ended, stop.signal]))
      .then(() => Promise.reject(late));
    limit.catch(() => {});
    try {
      return await Promise.race([answer, limit]);
    } finally {
      stop.abort();
    }
  }

  async #heartbeat(signal: AbortSignal): Promise<void> {
    const { group, namespace } = this.#options;
    const beat = new HeartbeatRequest().setGroup(resource(group, namespace)).setClientType(
      ClientType.SIMPLE_CONSUMER,
    );
    const answer = await request<ProtoHeartbeatResponse>(
      this.#options,
      (stub, metadata, options, callback) => stub.heartbeat(beat, metadata, options, callback),
      { signal, timeoutMs: REQUEST_TIMEOUT_MS },
    );
    expectOk(answer.getStatus(), "a heartbeat");
  }

  async #farewell(): Promise<void> {
    const { group, namespace } = this.#options;
    const farewell = new NotifyClientTerminationRequest().setGroup(resource(group, namespace));
    try {
      await request<ProtoTerminationResponse>(
        this.#options,
        (stub, metadata, options, callback) =>
          stub.notifyClientTermination(farewell, metadata, options, callback),
        { timeoutMs: FAREWELL_MS },
      );
    } catch (error) {
      this.#options.onTrouble(error);
    }
  }

  /**
   * What the group itself says counts. While the proxy does not know it, as after all brokers have been away, it goes by
   * these: without an order it would give out messages of one message group side by side.
   */
  #settings(): ProtoTelemetryCommand {
    const { topic, group, expression, namespace, pollMs, ordered } = this.#options;
    const entry = new SubscriptionEntry()
      .setTopic(resource(topic, namespace))
      .setExpression(new FilterExpression().setType(FilterType.TAG).setExpression(expression));
    const subscription = new Subscription()
      .setGroup(resource(group, namespace))
      .setSubscriptionsList([entry])
      .setFifo(ordered)
      .setLongPollingTimeout(duration(pollMs));
    const settings = new Settings()
      .setClientType(ClientType.SIMPLE_CONSUMER)
      .setRequestTimeout(duration(REQUEST_TIMEOUT_MS))
      .setSubscription(subscription)
      .setUserAgent(new UA().setLanguage(Language.NODE_JS).setVersion("5.0.8").setPlatform("Deno"));
    return new TelemetryCommand().setSettings(settings);
  }
}
