import type { Clock, Timer } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";
import type { TimerWheel } from "../../async/timer_wheel.ts";
import {
  PUSH_AGAIN_AFTER_MS,
  PUSH_TIMEOUT_MS,
  PUSH_WAIT_MS,
  PUSHES_AT_BROKER,
  PUSHES_TO_OURS,
  PUSHES_TO_PLAIN,
  PUSHES_WAITING,
  SILENT_RECEIVERS,
} from "./defaults.ts";

/** One message that a broker shall push. */
export interface Push {
  /** The broker, `host:port`. */
  readonly broker: string;
  /** The client id of its receiver. */
  readonly receiver: string;
  /** Whether the receiver is an instance of ours. */
  readonly ours: boolean;
  /** Whether its receiver gets it from the reply topic as well. */
  readonly divertible: boolean;
}

/**
 * What becomes of a push: it is let through, it goes by the reply topic, or it is refused because too many wait.
 */
export type Admission = "entered" | "diverted" | "refused";

/** A push that waits for its turn. */
interface Waiter {
  readonly push: Push;
  readonly timer: Timer;
  readonly admit: (admission: Admission) => void;
}

/** What is under way at one broker. */
interface AtBroker {
  underWay: number;
  /** Unanswered pushes by receiver of ours. */
  readonly toOurs: Map<string, number>;
  readonly waiting: Waiter[];
  /** When the last push was answered, or the first one went out: by the clock's monotonic time. */
  answeredAt: number;
  /** Receivers that left a push unanswered, and until when they are spared; `Infinity` while it is unanswered. */
  readonly silent: Map<string, number>;
}

/**
 * Bounds the pushes whose answers this instance waits for. A broker pushes on a few threads, and a receiver that has died
 * holds one for ten seconds: as many of those as it has threads, and nobody on that broker gets a reply (protocol notes,
 * 12.3). What cannot be pushed at once waits a moment, and then goes by the reply topic where its receiver reads that.
 */
export class PushGate {
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #brokers = new Map<string, AtBroker>();
  /** Unanswered pushes by plain receiver, at all brokers. */
  readonly #toPlain = new Map<string, number>();
  #diverted = 0;
  #refused = 0;

  constructor(clock: Clock, wheel: TimerWheel) {
    this.#clock = clock;
    this.#wheel = wheel;
  }

  /** Messages that went by the reply topic instead. */
  get diverted(): number {
    return this.#diverted;
  }

  /** Messages that waited in vain. */
  get refused(): number {
    return this.#refused;
  }

  /** Pushes whose answers are waited for. */
  get underWay(): number {
    let sum = 0;
    for (const { underWay } of this.#brokers.values()) sum += underWay;
    return sum;
  }

  /**
   * Asks for a turn. What has `entered` must leave.
   *
   * @param signal ends a wait, which then rejects with its reason
   */
  enter(push: Push, signal?: AbortSignal): Admission | Promise<Admission> {
    const at = this.#at(push.broker);
    if (push.divertible && (this.#isSpared(at, push.receiver) || this.#isStalled(at))) return this.#divert();
    if (this.#fits(at, push)) return this.#take(at, push);
    if (at.waiting.length >= PUSHES_WAITING) return push.divertible ? this.#divert() : this.#refuse();
    return this.#wait(at, push, signal);
  }

  /** The push has been unanswered for too long: what comes next for its receiver goes by the topic. */
  silent(push: Push): void {
    const { silent } = this.#at(push.broker);
    // Entered anew, so that the oldest stands first.
    silent.delete(push.receiver);
    silent.set(push.receiver, Infinity);
    for (const receiver of silent.keys()) {
      if (silent.size <= SILENT_RECEIVERS) return;
      silent.delete(receiver);
    }
  }

  /**
   * Its broker has answered, or never will.
   *
   * @param pushed whether its receiver took it
   */
  leave(push: Push, pushed: boolean): void {
    const at = this.#at(push.broker);
    at.underWay--;
    at.answeredAt = this.#clock.monotonic();
    decrease(push.ours ? at.toOurs : this.#toPlain, push.receiver);
    if (pushed) at.silent.delete(push.receiver);
    else if (at.silent.has(push.receiver)) {
      at.silent.set(push.receiver, at.answeredAt + PUSH_AGAIN_AFTER_MS);
    }
    if (push.ours) this.#admitWaiting(at);
    // A plain receiver's bound is one for all brokers.
    else for (const each of this.#brokers.values()) this.#admitWaiting(each);
  }

  /** Lets nobody wait any longer. */
  close(): void {
    for (const { waiting } of this.#brokers.values()) {
      for (const { timer, admit } of waiting.splice(0)) {
        timer.cancel();
        admit("refused");
      }
    }
  }

  #at(broker: string): AtBroker {
    let at = this.#brokers.get(broker);
    if (at === undefined) {
      at = { underWay: 0, toOurs: new Map(), waiting: [], answeredAt: 0, silent: new Map() };
      this.#brokers.set(broker, at);
    }
    return at;
  }

  #wait(at: AtBroker, push: Push, signal: AbortSignal | undefined): Promise<Admission> {
    const { promise, resolve, reject } = createDeferred<Admission>();
    const waitMs = push.divertible ? PUSH_WAIT_MS : PUSH_TIMEOUT_MS;
    const timer = this.#wheel.schedule(waitMs, () => {
      at.waiting.splice(at.waiting.indexOf(waiter), 1);
      waiter.admit(push.divertible ? this.#divert() : this.#refuse());
    });
    const onAbort = (): void => {
      at.waiting.splice(at.waiting.indexOf(waiter), 1);
      timer.cancel();
      reject(signal?.reason);
    };
    const admit = (admission: Admission): void => {
      signal?.removeEventListener("abort", onAbort);
      resolve(admission);
    };
    const waiter: Waiter = { push, timer, admit };
    at.waiting.push(waiter);
    signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  }

  #isSpared({ silent }: AtBroker, receiver: string): boolean {
    if (silent.size === 0) return false;
    const untilMs = silent.get(receiver);
    return untilMs !== undefined && this.#clock.monotonic() < untilMs;
  }

  /** Whether the broker has answered none of as many pushes as it may have, for longer than anybody should wait. */
  #isStalled({ underWay, answeredAt }: AtBroker): boolean {
    return underWay >= PUSHES_AT_BROKER && this.#clock.monotonic() - answeredAt >= PUSH_WAIT_MS;
  }

  #fits(at: AtBroker, { ours, receiver }: Push): boolean {
    if (at.underWay >= PUSHES_AT_BROKER) return false;
    return ours
      ? (at.toOurs.get(receiver) ?? 0) < PUSHES_TO_OURS
      : (this.#toPlain.get(receiver) ?? 0) < PUSHES_TO_PLAIN;
  }

  #take(at: AtBroker, { ours, receiver }: Push): "entered" {
    if (at.underWay++ === 0) at.answeredAt = this.#clock.monotonic();
    const counts = ours ? at.toOurs : this.#toPlain;
    counts.set(receiver, (counts.get(receiver) ?? 0) + 1);
    return "entered";
  }

  #admitWaiting(at: AtBroker): void {
    for (let index = 0; index < at.waiting.length && at.underWay < PUSHES_AT_BROKER;) {
      const waiter = at.waiting[index];
      if (waiter === undefined || !this.#fits(at, waiter.push)) {
        index++;
        continue;
      }
      at.waiting.splice(index, 1);
      waiter.timer.cancel();
      waiter.admit(this.#take(at, waiter.push));
    }
  }

  #divert(): "diverted" {
    this.#diverted++;
    return "diverted";
  }

  #refuse(): "refused" {
    this.#refused++;
    return "refused";
  }
}

function decrease(counts: Map<string, number>, name: string): void {
  const count = counts.get(name) ?? 0;
  if (count > 1) counts.set(name, count - 1);
  else counts.delete(name);
}
