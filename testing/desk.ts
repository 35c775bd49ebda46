import type { Actors } from "../actors/actors.ts";
import { ByteBudget } from "../actors/cells/byte_budget.ts";
import { currentScope } from "../actors/cells/call_scope.ts";
import type { CellHost } from "../actors/cells/cell_host.ts";
import { Turns } from "../actors/cells/turns.ts";
import { SYSTEM_MAILBOX_BYTES } from "../actors/defaults.ts";
import type { Sources } from "../actors/parts.ts";
import { type Clock, systemClock } from "../src/async/clock.ts";
import { createIds, systemRandomBytes } from "../src/async/ids.ts";
import { systemRandom } from "../src/async/random.ts";
import { TimerWheel } from "../src/async/timer_wheel.ts";
import { ATTEMPTS, CALL_TIMEOUT_MS, MAX_BODY_BYTES, OUTCOME_GRACE_MS } from "../src/call/defaults.ts";
import type { Call } from "../src/call/call.ts";
import type { Result } from "../src/call/inbound.ts";
import type { CallScope } from "../src/call/scope.ts";
import { type MethodPlaces, placesOf } from "../src/codec/places.ts";
import { checkInput, Composer, waitOf } from "../src/client/compose.ts";
import { GIVEN_UP, PendingCalls } from "../src/client/pending.ts";
import { createProxy } from "../src/client/proxy.ts";
import { codeOfAbort, invalid, notSent } from "../src/client/refusal.ts";
import type { Contract } from "../src/contract/types.ts";
import { travelling } from "../src/envelope/body.ts";
import { readReply, type Reply, replyBody, replyHeaders } from "../src/envelope/reply.ts";
import { requestHeaders } from "../src/envelope/request.ts";
import { RpcError } from "../src/errors/rpc_error.ts";
import { logger } from "../src/log/log.ts";
import { Answers } from "../src/server/answers.ts";
import { DirectCall, DirectDelivery } from "../src/server/direct_call.ts";
import { openRequest, Unreadable } from "../src/server/open.ts";
import type { CallOwner, ReceivedCall } from "../src/server/received_call.ts";
import { Receiver } from "../src/server/receiver.ts";
import { SeenCall } from "../src/server/window.ts";
import { LocalCall } from "./local_call.ts";
import { LocalStream } from "./local_stream.ts";

/** The caller's end of whatever kind of call. */
type Local = LocalCall | LocalStream;

/** Finds where a contract that handlers call is served. */
export type Nested = (contract: string) => Desk | undefined;

const ADDRESS = "test:";

/** Both ends of the calls to one contract, with nothing between them but the bytes that would travel. */
export class Desk implements CallOwner {
  readonly contract: Contract;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #pending: PendingCalls;
  readonly #composer: Composer;
  readonly #receiver: Receiver;
  readonly #answers: Answers;
  readonly #nested: Nested;
  readonly #actors: Actors;
  readonly #live = new Map<ReceivedCall, Local>();
  readonly #waiting: ReceivedCall[] = [];
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @param contract what is served
   * @param sources where time and chance come from
   * @param nested where other contracts are served
   * @param createActors makes what runs the handlers
   */
  constructor(
    contract: Contract,
    sources: Sources,
    nested: Nested,
    createActors: (host: CellHost) => Actors,
  ) {
    const { clock = systemClock, random = systemRandom, randomBytes = systemRandomBytes } = sources;
    const after = (ms: number, callback: () => void) => this.#wheel.schedule(ms, callback);
    this.contract = contract;
    this.#clock = clock;
    this.#wheel = new TimerWheel(clock);
    this.#pending = new PendingCalls(this.#wheel);
    this.#composer = new Composer({
      transport: { addresses: { reply: ADDRESS }, capabilities: { maxBodyBytes: MAX_BODY_BYTES } },
      clock,
      newId: createIds(clock, randomBytes),
      from: "test/1",
    });
    this.#receiver = new Receiver(contract, after);
    this.#answers = new Answers(contract, MAX_BODY_BYTES, after);
    this.#nested = nested;
    this.#actors = createActors({
      contract,
      instance: "test/1",
      clock,
      random,
      interceptors: [],
      turns: new Turns(),
      budget: new ByteBudget(SYSTEM_MAILBOX_BYTES),
      log: (properties) => logger("handler").with(properties),
      client: (other, scope) => createProxy(other, (call) => this.#callOther(call, scope)),
    });
    this.#actors.onRoom(() => this.#pump());
  }

  /** Makes one call. */
  async call(call: Call, within: CallScope | undefined): Promise<unknown> {
    const scope = within ?? currentScope();
    const { options: { signal } } = call;
    refuseAborted(signal);
    if (this.#closing !== undefined) throw notSent("unavailable", "The test client is closed");
    const waitMs = waitOf(call, CALL_TIMEOUT_MS, scope, this.#clock);
    const parsed = await checkInput(call);
    await this.#start();
    refuseAborted(signal);
    const places = placesOf(this.contract.name, call.method);
    const request = this.#composer.compose(call, parsed, waitMs, scope, places.input);
    const local = this.#local(call, request.id, places);
    this.#pending.add(local, waitMs, signal, scope === undefined ? OUTCOME_GRACE_MS : 0);
    this.#pending.handOver(request.id);
    this.#take(local, requestHeaders(request), travelling(request.body));
    return await local.promise;
  }

  /** Ends everything: handlers are told, calls settle with `cancelled`. Idempotent. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  nowMs(): number {
    return this.#clock.now();
  }

  held(): boolean {
    return this.#closing === undefined;
  }

  after(ms: number, callback: () => void): ReturnType<TimerWheel["schedule"]> {
    return this.#wheel.schedule(Math.max(0, ms), callback);
  }

  conclude(call: ReceivedCall, result: Result): void {
    if (!result.ok && "again" in result && this.#again(call, result.again)) return;
    const local = this.#live.get(call);
    this.#live.delete(call);
    if (local === undefined) return;
    if (local instanceof LocalCall && call.kind === "oneway") return this.#endOneway(local, result);
    const reply = this.#answers.toReply(call.facts, result);
    if (call.stream?.begun) return void Promise.resolve(reply).then((end) => call.stream?.end(end));
    if (reply instanceof Promise) void reply.then((late) => this.#answer(late));
    else this.#answer(reply);
  }

  #local(call: Call, id: string, places: MethodPlaces): Local {
    if (call.kind !== "stream") return new LocalCall(call, id, places);
    const stream = new LocalStream(call, id, places);
    stream.onEnd = () => this.#pending.finish(id);
    return stream;
  }

  async #close(): Promise<void> {
    this.#pending.cancelAll("the test client is closed");
    for (const call of this.#live.keys()) {
      call.withdraw(new RpcError("unavailable", "The test client is closed"));
    }
    this.#live.clear();
    await this.#starting?.catch(() => {});
    await this.#actors.stop({ signal: new AbortController().signal });
    this.#wheel.close();
  }

  #start(): Promise<void> {
    return this.#starting ??= this.#actors.start({
      signal: new AbortController().signal,
      exited: () => {},
    }).catch((error) => {
      throw new RpcError("unavailable", "Its actors did not start", { outcome: "not_sent", cause: error });
    });
  }

  /** The callee's end: what arrives is read as if it came from far. */
  #take(local: Local, headers: ReadonlyMap<string, string>, body: Uint8Array): void {
    const opened = openRequest(headers, headers, body, 0);
    if (opened instanceof Unreadable) return this.#refuse(local, opened.error);
    const now = this.nowMs();
    const delivery = new DirectDelivery(local.method, headers, body, now);
    const received = this.#receiver.receive(opened, delivery, now + opened.request.timeoutMs, now);
    if (received.kind === "refused") return this.#refuse(local, received.error);
    const call = new DirectCall(received.facts, new SeenCall(opened.request.id, () => {}), this);
    this.#live.set(call, local);
    if (local instanceof LocalStream) call.stream = local.attach(received.facts, this.#answers);
    local.onGivenUp = () => call.cancel();
    if (received.kind === "call") return this.#deliver(call);
    void received.checked.then((error) => {
      if (error === undefined) this.#deliver(call);
      else call.settle({ ok: false, error, ran: "no" });
    });
  }

  #deliver(call: ReceivedCall): void {
    if (this.#waiting.length > 0 || !this.#actors.deliver(call)) this.#waiting.push(call);
  }

  /** A mailbox has room. */
  #pump(): void {
    for (const call of this.#waiting.splice(0)) this.#deliver(call);
  }

  #again(
    call: ReceivedCall,
    { afterMs, attempt }: { readonly afterMs: number; readonly attempt: number },
  ): boolean {
    if (attempt >= ATTEMPTS || call.cancelled || call.stream?.begun) return false;
    if (call.deadlineMs - this.nowMs() - afterMs <= call.settings.minRemainingMs) return false;
    call.postpone(
      attempt + 1,
      this.after(afterMs, () => {
        call.back();
        this.#deliver(call);
      }),
    );
    return true;
  }

  #refuse(local: Local, error: RpcError): void {
    if (local.oneway) this.#pending.fail(local.id, error);
    else this.#answer({ id: local.id, ok: false, error, ran: "no" });
  }

  /** A reply on its way back: through its headers, as it would travel. */
  #answer(reply: Reply): void {
    const headers = replyHeaders(reply);
    const read = readReply(headers, headers, travelling(replyBody(reply)));
    if (read !== undefined) this.#pending.reply(read);
  }

  #endOneway(local: LocalCall, result: Result): void {
    if (result.ok) {
      if (this.#pending.finish(local.id)) local.stored();
    } else this.#pending.fail(local.id, result.error);
  }

  async #callOther(call: Call, scope: CallScope): Promise<unknown> {
    const { name } = call.contract;
    const desk = name === this.contract.name ? this : this.#nested(name);
    if (desk === undefined) {
      const how = `give testClient() the option 'nested', with a test client of "${name}"`;
      throw notSent("unavailable", `Nobody serves "${name}" here: ${how}`);
    }
    try {
      return await desk.call(call, scope);
    } catch (error) {
      throw error instanceof RpcError ? error : invalid(error);
    }
  }
}

function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw notSent(codeOfAbort(signal.reason), GIVEN_UP, signal.reason);
}
