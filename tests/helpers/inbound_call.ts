import type { InboundCall, Ran, Result } from "../../src/call/inbound.ts";
import { method } from "../../src/contract/method.ts";
import type { MethodSettings } from "../../src/contract/types.ts";

/** A call that records what a cell does with it. */
export class FakeCall implements InboundCall {
  readonly id: string;
  method = "run";
  kind: "call" | "oneway" = "call";
  settings: MethodSettings = method().settings;
  key: string | undefined;
  partition = "broker-a/0";
  sequence = 0;
  chain: readonly string[] = [];
  readonly trace = undefined;
  readonly input: unknown;
  readonly bytes: number;
  deadlineMs = Infinity;
  attempt = 1;
  readonly idempotencyKey = "k";
  readonly caller = "test/1";
  readonly headers = new Map([["tenant", "t1"]]);
  controller = new AbortController();
  ranBefore: Ran = "no";
  withdrawn = false;
  lost = false;
  /** How often it was ended without an answer. */
  dropped = 0;
  claimable = true;
  readonly results: Result[] = [];
  onSettled: (result: Result) => void = () => {};
  onStarted: () => Promise<void> | undefined = () => undefined;

  constructor(id: string, input: unknown = id, bytes = 1) {
    this.id = id;
    this.input = input;
    this.bytes = bytes;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }
  get signalInUse(): AbortSignal | undefined {
    return this.controller.signal;
  }
  /** What answered it, or `undefined`. */
  get result(): Result | undefined {
    return this.results[0];
  }
  claim(): boolean {
    return this.claimable;
  }
  started(): Promise<void> | undefined {
    return this.onStarted();
  }
  interrupt(reason: unknown): void {
    this.controller.abort(reason);
    this.controller = new AbortController();
  }
  drop(): void {
    this.dropped++;
  }
  settle(result: Result): void {
    this.results.push(result);
    this.onSettled(result);
  }
}
