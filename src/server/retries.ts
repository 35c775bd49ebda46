import { Backoff } from "../async/backoff.ts";
import { ATTEMPTS } from "../call/defaults.ts";
import type { Again, Result } from "../call/inbound.ts";
import { isSuspect } from "./attempts.ts";
import { STORE_PAUSE_MS } from "./defaults.ts";
import { laterOf } from "./later.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { expired } from "./call_errors.ts";
import type { LiveCalls } from "./live_calls.ts";
import type { ReceivedCall } from "./received_call.ts";
import { type Resend, sentAgain } from "./resends.ts";
import type { Shared } from "./shared.ts";

/** How a run ended that is to be followed by another one. */
export type AgainResult = Extract<Result, { readonly again: Again }>;

/** What becomes of a call that was to be stored again, should that not come about. */
export interface Otherwise {
  /** Its result, should its time be up before it is stored. */
  readonly late: Result;
  /** Told where no broker takes it as a message of its own. */
  refused(error: RpcError): void;
}

/** The calls of one partition that are run another time, or from another message. */
export class Retries {
  readonly #live: LiveCalls;
  readonly #shared: Shared;
  readonly #finish: (call: ReceivedCall, result: Result) => void;

  /** @param finish told of a call's last result, where there is no other attempt */
  constructor(live: LiveCalls, shared: Shared, finish: (call: ReceivedCall, result: Result) => void) {
    this.#live = live;
    this.#shared = shared;
    this.#finish = finish;
  }

  /** A run asked for another one. */
  again(call: ReceivedCall, result: AgainResult): void {
    const { again: { afterMs, attempt }, ...rest } = result;
    // Nobody waits for another one.
    if (call.cancelled) return this.#finish(call, rest);
    const { request, settings, key, plain } = call.facts;
    const { transport, clock } = this.#shared.parts;
    const later = laterOf(
      {
        oneway: request.kind === "oneway",
        keyed: key !== undefined,
        idempotent: settings.idempotent,
        plain: plain !== undefined,
        packed: call.receipt?.calls !== 1,
        remainingMs: call.deadlineMs - clock.now(),
        minRemainingMs: settings.minRemainingMs,
      },
      result.again,
      transport.capabilities,
    );
    if (later.kind === "in place" || later.kind === "given back") {
      call.observed?.again(afterMs, later.kind);
    }
    switch (later.kind) {
      case "none":
        return this.#finish(call, { ...rest, dead: { reason: later.reason, attempts: attempt } });
      case "in place":
        return this.#wait(call, attempt + 1, afterMs);
      case "given back":
        this.#live.giveBack(call, afterMs);
        return call.seen.moved();
      case "sent again": {
        this.#shared.counts.sentAgain++;
        const dead = { reason: "no time for another attempt", attempts: attempt };
        const next = Math.min(ATTEMPTS, attempt + 1);
        this.move(call, { attempt: next, started: false, delayMs: afterMs }, {
          late: { ...rest, dead },
          refused: () => this.#wait(call, attempt + 1, afterMs),
        });
      }
    }
  }

  /** Another call does the work of this one: it is claimed again after a while, at most that many milliseconds. */
  claimAgain(call: ReceivedCall, atMostMs: number): void {
    call.pauses ??= new Backoff({ ...STORE_PAUSE_MS, random: this.#shared.parts.random });
    this.#wait(call, call.attempt, Math.min(atMostMs, call.pauses.next()));
  }

  /**
   * The queue is handed over while the call waits here. Its message is marked as started, and would pass for one whose
   * instance died: it is stored again, as what it is. With a key it would lose its place; a suspect stays one.
   *
   * @returns whether its message is taken care of
   */
  passOn(call: ReceivedCall): boolean {
    const { key, plain, request, delivery, attempt: first } = call.facts;
    if (!call.waiting || key !== undefined || plain !== undefined) return false;
    if (call.attempt === first && isSuspect(request, delivery)) return false;
    const { transport: { capabilities: { delayMs } }, clock } = this.#shared.parts;
    const leftMs = Math.max(0, call.againAtMs - clock.monotonic());
    const how = {
      attempt: call.attempt,
      started: false,
      delayMs: delayMs === false ? 0 : Math.min(delayMs, leftMs),
    };
    // Its message comes again to whoever has the queue next.
    this.move(call, how, { late: late(call), refused: () => {} });
    return true;
  }

  /** Stores a call that has not run yet at the end of its queue. One that no broker takes goes on waiting here. */
  moveBack(call: ReceivedCall): void {
    this.move(call, { attempt: call.attempt, started: false, delayMs: 0 }, {
      late: late(call),
      refused: () => {
        call.stays = true;
        this.#wait(call, call.attempt, 0);
      },
    });
  }

  /** Stores a call that must not run from its message, because its start would be taken for an earlier one. */
  replace(call: ReceivedCall): void {
    this.move(call, { attempt: call.attempt, started: false, delayMs: 0 }, {
      late: late(call),
      refused: ({ message }) => {
        const reason = `it cannot be stored again: ${message}`;
        const error = new RpcError("internal", `The call cannot be run: ${reason}`);
        this.#finish(call, { ...late(call), error, dead: { reason, attempts: call.attempt - 1 } });
      },
    });
  }

  /** Stores a call that does not run in its queue again, and lets go of it: it will be run from there. */
  move(call: ReceivedCall, how: Resend, otherwise: Otherwise): void {
    const live = this.#live;
    const { clock } = this.#shared.parts;
    call.letGo();
    call.observed?.again(how.delayMs, "sent again");
    // What comes under its id meanwhile may be that very copy: it must not be settled for this one.
    call.seen.moving = true;
    live.backlog.ended(call);
    const wanted = () => call.receipt !== undefined && clock.now() < call.deadlineMs;
    void this.#shared.resends.store(sentAgain(call), how, wanted).then((stored) => {
      if (call.receipt === undefined) return;
      call.seen.moving = false;
      if (stored instanceof RpcError) otherwise.refused(stored);
      else if (stored === "stored") {
        live.window.forget(call.id);
        live.settle(call);
        call.seen.moved();
      } else if (clock.now() >= call.deadlineMs) this.#finish(call, otherwise.late);
    });
  }

  #wait(call: ReceivedCall, attempt: number, ms: number): void {
    const { backlog } = this.#live;
    const { wheel, clock } = this.#shared.parts;
    call.againAtMs = clock.monotonic() + ms;
    const wait = wheel.schedule(ms, () => {
      call.back();
      if (call.receipt !== undefined) backlog.release(call);
    });
    call.postpone(attempt, wait);
    this.#live.hold(call);
  }
}

/** The result of a call whose time is up before it could be stored. */
function late(call: ReceivedCall): Extract<Result, { readonly ok: false }> {
  return { ok: false, error: expired(), ran: call.ranBefore };
}
