import { type CallerSystem, createClient } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { freshName } from "../broker/shared.ts";
import { BrokerPulse } from "../kill/broker_pulse.ts";
import { type CalleeProcess, startCallee } from "./callee_process.ts";
import { workContract } from "./contract.ts";
import { deadLetterIds } from "./dead_letter_ids.ts";
import { Load } from "./load.ts";

/** Deadline of every call under load: longer than any takeover, so that none expires. Milliseconds. */
const CALL_TIMEOUT_MS = 30_000;

/** A caller, a fresh contract, and callee processes to kill; all gone when it is disposed. */
export class Stage implements AsyncDisposable {
  readonly contract: string;
  readonly caller: CallerSystem;
  /** Tells whether times can be judged. */
  readonly pulse: BrokerPulse;
  readonly #nameServer: string;
  readonly #directory: string;
  readonly #callees: CalleeProcess[] = [];

  constructor(nameServer: string, contract: string, directory: string, caller: CallerSystem) {
    this.#nameServer = nameServer;
    this.contract = contract;
    this.#directory = directory;
    this.caller = caller;
    this.pulse = new BrokerPulse(nameServer);
  }

  /** Starts one more callee process. */
  async callee(...flags: readonly string[]): Promise<CalleeProcess> {
    const callee = await startCallee(this.#nameServer, this.contract, this.#directory, ...flags);
    this.#callees.push(callee);
    return callee;
  }

  /** Starts calls of all three methods in turn. */
  load(inFlight: number, handlerMs: number, timeoutMs = CALL_TIMEOUT_MS): Load {
    const client = this.caller.client(workContract(this.contract), { timeoutMs });
    return new Load(client, inFlight, handlerMs);
  }

  /** Starts calls of the method whose starts are on record before its handlers run. */
  loadOnce(inFlight: number, handlerMs: number): Load {
    const client = this.caller.client(workContract(this.contract), { timeoutMs: CALL_TIMEOUT_MS });
    return new Load(client, inFlight, handlerMs, ["once"]);
  }

  /** The dead letters on the broker: call id → reason. */
  deadLetters(): Promise<ReadonlyMap<string, string>> {
    return deadLetterIds(this.#nameServer, this.contract);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.caller.close();
    await this.pulse[Symbol.asyncDispose]();
    for (const callee of this.#callees) await callee.kill();
    await Deno.remove(this.#directory, { recursive: true });
  }
}

/** Connects a caller for a contract that no other test uses. */
export async function openStage(nameServer: string, name: string): Promise<Stage> {
  const caller = await createClient({ transport: remoting({ nameServers: nameServer }) });
  return new Stage(nameServer, freshName(name), await Deno.makeTempDir({ prefix: "takeover-" }), caller);
}
