import type { Clock, Timer } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";
import type { TimerWheel } from "../../async/timer_wheel.ts";
import { RocketMqError } from "../error.ts";
import { answerTo } from "./answer.ts";
import { describeRequest, ResponseCode } from "./codes.ts";
import {
  type Command,
  isOneway,
  isResponse,
  ONEWAY_FLAG,
  type RequestCommand,
  type RequestReply,
  RESPONSE_FLAG,
} from "./command.ts";
import type { ConnectionCallOptions, ConnectionOptions } from "./connection_options.ts";
import { neverHeard } from "./tls.ts";
import { textOf } from "./text_of.ts";
import { FrameReader } from "./frame.ts";
import { Outbox, type QueuedFrame } from "./outbox.ts";
import type { OutgoingCommand } from "./outgoing.ts";
import { signedVersion, type SignRequest } from "./signature.ts";
import type { Socket } from "./socket.ts";

const READ_BUFFER_BYTES = 64 * 1024;
const MAX_OPAQUE = 0x7fff_ffff;

interface PendingCall {
  readonly request: RequestCommand;
  readonly options: ConnectionCallOptions;
  readonly sentAt: number;
  readonly frame: QueuedFrame;
  readonly timer: Timer;
  readonly onAbort: (() => void) | undefined;
  resolve(response: Command): void;
  reject(reason: unknown): void;
}

/**
 * One TCP connection: many calls in flight, each matched to its answer by number. When the connection is lost, every
 * pending call fails at once. When the server sends its clients away (GO_AWAY), it takes no further calls, and ends once
 * those that wait are answered.
 */
export class Connection {
  /** The server, `host:port`. */
  readonly address: string;
  /** Resolves when the connection is closed: with what broke it, or `undefined` after {@linkcode Connection.close}. */
  readonly closed: Promise<RocketMqError | undefined>;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #onRequest: (command: Command) => RequestReply | undefined;
  readonly #maxQueuedBytes: number;
  readonly #maxPendingCalls: number;
  readonly #silenceLimitMs: number;
  readonly #sign: SignRequest | undefined;
  readonly #onGoAway: ConnectionOptions["onGoAway"];
  /** What to look at when the server breaks the connection before its first frame. */
  readonly #neverHeard: string;
  readonly #outbox: Outbox;
  readonly #frames: FrameReader;
  readonly #pending = new Map<number, PendingCall>();
  readonly #end = createDeferred<RocketMqError | undefined>();
  #opaque = 0;
  #isClosed = false;
  #sentAway = false;
  /** What ended it, for requests that come too late. */
  #whyClosed = "";
  #lastReceivedAt: number | undefined;
  /** When the first of the calls was sent that timed out one after the other, with nothing received since. */
  #silentSince: number | undefined;
  #droppedAnswers = 0;
  #frameCount = 0;

  /** Takes over an open socket; see `connect`. */
  constructor(address: string, socket: Socket, options: ConnectionOptions) {
    this.address = address;
    this.closed = this.#end.promise;
    this.#socket = socket;
    this.#clock = options.clock;
    this.#wheel = options.wheel;
    this.#onRequest = options.onRequest ?? (() => undefined);
    this.#maxQueuedBytes = options.maxQueuedBytes ?? 64 * 1024 * 1024;
    this.#maxPendingCalls = options.maxPendingCalls ?? 65_536;
    this.#silenceLimitMs = options.silenceLimitMs ?? 10_000;
    this.#sign = options.sign;
    this.#onGoAway = options.onGoAway;
    this.#neverHeard = neverHeard(options.tls);
    const lost = (error: unknown): void => this.#lose("was lost", error);
    this.#outbox = new Outbox(socket, lost, options.serialization, options.writes);
    this.#frames = new FrameReader((command) => this.#receive(command), options.maxFrameBytes);
    this.#read();
  }

  /** Whether it can still be used: it is not closed, and its server has not sent its clients away. */
  get open(): boolean {
    return !this.#isClosed && !this.#sentAway;
  }

  /** When the last frame came, by the clock's `monotonic()`, or `undefined` before the first. */
  get lastReceivedAt(): number | undefined {
    return this.#lastReceivedAt;
  }

  /** How many calls wait for their answer. */
  get pendingCalls(): number {
    return this.#pending.size;
  }

  /** How many bytes wait to be written or are being written. */
  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  /** How many frames came and went: one of them between two looks tells that the connection is used. */
  get frames(): number {
    return this.#frameCount;
  }

  /** How many answers came for calls that no longer waited. */
  get droppedAnswers(): number {
    return this.#droppedAnswers;
  }

  /**
   * Sends a request and waits for its answer, whatever its code.
   *
   * @throws RocketMqError kind `not_sent` or `unknown`, when there is no answer in time or the connection is lost
   * @throws RangeError when `timeoutMs` is not a finite number
   */
  call(request: RequestCommand, options: ConnectionCallOptions): Promise<Command> {
    return new Promise((resolve, reject) => {
      const { timeoutMs, signal } = options;
      if (!Number.isFinite(timeoutMs)) throw new RangeError(`Cannot wait ${timeoutMs} ms`);
      signal?.throwIfAborted();
      if (timeoutMs <= 0) throw this.#notSent(request.code, "no time is left");
      if (this.#pending.size >= this.#maxPendingCalls) {
        throw this.#notSent(request.code, `${this.#pending.size} calls wait already; send fewer at a time`);
      }
      const opaque = this.#nextOpaque();
      const frame = this.#send(request, opaque, 0);
      const timer = this.#wheel.schedule(timeoutMs, () => this.#expire(opaque, timeoutMs));
      const onAbort = signal === undefined ? undefined : () => this.#abort(opaque, signal.reason);
      if (onAbort !== undefined) signal?.addEventListener("abort", onAbort);
      const sentAt = this.#clock.monotonic();
      this.#pending.set(opaque, { request, options, sentAt, frame, timer, onAbort, resolve, reject });
    });
  }

  /**
   * Sends a request that is not answered. Nothing tells whether it arrived.
   *
   * @throws RocketMqError kind `not_sent`, when it cannot even be queued
   */
  oneway(request: RequestCommand): void {
    this.#send(request, this.#nextOpaque(), ONEWAY_FLAG);
  }

  /** Closes the connection; pending calls fail at once. Closing twice does nothing. */
  close(): void {
    this.#finish("was closed by this client");
  }

  #send(request: RequestCommand, opaque: number, flag: number): QueuedFrame {
    if (this.#isClosed) throw this.#notSent(request.code, `the connection is closed: it ${this.#whyClosed}`);
    if (this.#sentAway) throw this.#notSent(request.code, "the server is shutting down");
    if (this.#outbox.queuedBytes >= this.#maxQueuedBytes) {
      throw this.#notSent(
        request.code,
        `${this.#outbox.queuedBytes} bytes wait to be written; send less at a time`,
      );
    }
    this.#frameCount++;
    const { code, body, remark } = request;
    try {
      if (this.#sign === undefined) {
        return this.#outbox.append({ code, flag, opaque, fields: request.fields, body, remark });
      }
      const fields = this.#sign(request.fields, body);
      const version = signedVersion(fields);
      return this.#outbox.append({ code, flag, opaque, fields, body, remark, version });
    } catch (cause) {
      throw this.#notSent(code, textOf(cause), cause);
    }
  }

  #nextOpaque(): number {
    do {
      this.#opaque = this.#opaque === MAX_OPAQUE ? 0 : this.#opaque + 1;
    } while (this.#pending.has(this.#opaque));
    return this.#opaque;
  }

  #notSent(code: number, reason: string, cause?: unknown): RocketMqError {
    const message = `Cannot send request ${describeRequest(code)} to ${this.address}: ${reason}`;
    return new RocketMqError("not_sent", message, { address: this.address, cause });
  }

  #expire(opaque: number, timeoutMs: number): void {
    const call = this.#take(opaque);
    if (call === undefined) return;
    const kind = this.#outbox.withdraw(call.frame) ? "not_sent" : "unknown";
    const message = `No answer from ${this.address} to request ${
      describeRequest(call.request.code)
    } within ${timeoutMs} ms`;
    call.reject(new RocketMqError(kind, message, { address: this.address }));
    this.#heedSilence(timeoutMs);
  }

  /**
   * A server that vanished without a word would be noticed by TCP after a quarter of an hour. One call without answer
   * says little: the server may be busy, or have dropped that one.
   */
  #heedSilence(timeoutMs: number): void {
    const now = this.#clock.monotonic();
    const sentAt = now - timeoutMs;
    const heardAt = this.#lastReceivedAt ?? -Infinity;
    if (heardAt >= sentAt) return;
    if (this.#silentSince === undefined || this.#silentSince < heardAt) this.#silentSince = sentAt;
    const silentMs = now - this.#silentSince;
    if (silentMs >= this.#silenceLimitMs) {
      this.#lose(`was given up after ${Math.floor(silentMs)} ms without an answer`);
    }
  }

  #abort(opaque: number, reason: unknown): void {
    const call = this.#take(opaque);
    if (call === undefined) return;
    this.#outbox.withdraw(call.frame);
    call.reject(reason);
  }

  #take(opaque: number): PendingCall | undefined {
    const call = this.#pending.get(opaque);
    if (call === undefined) return undefined;
    this.#pending.delete(opaque);
    call.timer.cancel();
    if (call.onAbort !== undefined) call.options.signal?.removeEventListener("abort", call.onAbort);
    return call;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    try {
      while (!this.#isClosed) {
        const count = await this.#socket.read(buffer);
        if (count === null) return this.#lose("was closed by the server");
        this.#push(buffer.subarray(0, count));
      }
    } catch (error) {
      this.#lose("was lost", error);
    }
  }

  #push(chunk: Uint8Array): void {
    try {
      this.#frames.push(chunk);
    } catch (error) {
      this.#lose("sent what is no frame", error);
    }
  }

  #receive(command: Command): void {
    if (this.#isClosed) return;
    this.#frameCount++;
    this.#lastReceivedAt = this.#clock.monotonic();
    // The server numbers its own requests: only the flag tells them from answers.
    if (!isResponse(command)) return this.#serve(command);
    const call = this.#take(command.opaque);
    if (call === undefined) this.#droppedAnswers++;
    else if (command.code === ResponseCode.GO_AWAY) this.#leave(call);
    else call.resolve(command);
    if (this.#sentAway && this.#pending.size === 0) this.#lose("was given up: the server is shutting down");
  }

  /** The server did not deal with the call, and takes no more of them: safe to send again, once. */
  #leave({ request, options, sentAt, resolve, reject }: PendingCall): void {
    this.#sentAway = true;
    if (this.#onGoAway === undefined || options.sentAway === true) {
      return reject(this.#notSent(request.code, "the server is shutting down"));
    }
    const timeoutMs = options.timeoutMs - (this.#clock.monotonic() - sentAt);
    this.#onGoAway(request, { timeoutMs, signal: options.signal, sentAway: true }).then(resolve, reject);
  }

  #serve(request: Command): void {
    const reply = answerTo(request, this.#onRequest);
    if (isOneway(request) || this.#isClosed) return;
    const { opaque } = request;
    const { code, fields = {}, body, remark } = reply;
    const response: OutgoingCommand = { code, flag: RESPONSE_FLAG, opaque, fields, body, remark };
    try {
      if (this.#outbox.queuedBytes >= this.#maxQueuedBytes) {
        return this.#lose("is stuck: the server does not read");
      }
      this.#outbox.append(response);
    } catch (error) {
      const code = ResponseCode.SYSTEM_ERROR;
      this.#outbox.append({ code, flag: RESPONSE_FLAG, opaque, fields: {}, remark: textOf(error) });
    }
  }

  #lose(what: string, cause?: unknown): void {
    const { address } = this;
    const reason = cause === undefined ? "" : `: ${textOf(cause)}`;
    const lost = this.#lastReceivedAt === undefined ? `${what} (${this.#neverHeard})` : what;
    const message = `Connection to ${address} ${lost}${reason}`;
    this.#finish(lost, reason, new RocketMqError("unknown", message, { address, cause }));
  }

  #finish(what: string, reason = "", error?: RocketMqError): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#whyClosed = `${what}${reason}`;
    this.#outbox.close();
    this.#socket.close();
    const { address } = this;
    for (const opaque of [...this.#pending.keys()]) {
      const call = this.#take(opaque);
      if (call === undefined) continue;
      const kind = this.#outbox.withdraw(call.frame) ? "not_sent" : "unknown";
      const request = describeRequest(call.request.code);
      const message = `Connection to ${address} ${what} before it answered request ${request}${reason}`;
      call.reject(new RocketMqError(kind, message, { address, cause: error?.cause }));
    }
    this.#end.resolve(error);
  }
}
