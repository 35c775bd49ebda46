import type { Transport, TransportState } from "../src/transport/transport.ts";
import type { ChildSpec, StartContext } from "./supervision/child.ts";
import type { TreeFailure } from "../src/call/tree.ts";

/** How long leaving the broker may take, in milliseconds. */
const SHUTDOWN_MS = 10_000;

/**
 * A system's transport, as the first child of its root: started already, and never started again. One that has failed
 * fails the system.
 */
export class TransportChild {
  readonly #transport: Transport;
  readonly #nowMs: () => number;
  readonly #onFailed: () => void;
  #state: TransportState = "connected";
  #lastFailure: TreeFailure | undefined;
  #context: StartContext | undefined;

  /**
   * @param transport started
   * @param nowMs epoch milliseconds
   * @param onFailed told when it has failed, before its supervisor is
   */
  constructor(transport: Transport, nowMs: () => number, onFailed: () => void) {
    this.#transport = transport;
    this.#nowMs = nowMs;
    this.#onFailed = onFailed;
    transport.onState((state, reason) => this.#changed(state, reason));
  }

  /** How the root keeps it. */
  get spec(): ChildSpec {
    return {
      id: "transport",
      kind: "transport",
      shutdownMs: SHUTDOWN_MS,
      limit: { intensity: 0, periodMs: 1, onGiveUp: "escalate" },
      start: (context) => {
        this.#context = context;
        return {
          stop: () => this.#transport.close(),
          state: () => ({
            details: { connection: this.#state, ...this.#transport.capabilities, ...this.#transport.counts },
            ...(this.#lastFailure !== undefined && { lastFailure: this.#lastFailure }),
          }),
        };
      },
    };
  }

  #changed(state: TransportState, reason: string): void {
    this.#state = state;
    if (state === "connected") return;
    this.#lastFailure = { message: reason, atMs: this.#nowMs() };
    if (state !== "failed") return;
    this.#onFailed();
    this.#context?.exited({ kind: "failed", error: new Error(`The transport failed: ${reason}`) });
  }
}
