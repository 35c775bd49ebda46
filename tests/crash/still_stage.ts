import assert from "node:assert/strict";
import { type CallerSystem, createClient } from "../../actors/client.ts";
import { createSystem, type System } from "../../actors/system.ts";
import { embedded, type EmbeddedBroker, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

type Wrap = (transport: Transport) => Transport;
const asItIs: Wrap = (transport) => transport;

/** Systems and callers on one broker and one clock that stands still. */
export class StillStage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly broker: EmbeddedBroker;
  readonly #open: (System | CallerSystem)[] = [];

  constructor(ownership: "offset" | "perMessage" = "offset") {
    this.broker = embeddedBroker({ clock: this.clock, ownership });
  }

  /** A system that serves nothing yet. */
  async system(wrap: Wrap = asItIs): Promise<System> {
    const transport = wrap(embedded(this.broker));
    const system = await createSystem({ name: "test", transport, clock: this.clock, random: () => 0.5 });
    this.#open.push(system);
    return system;
  }

  /** A caller that serves nothing. */
  async client(wrap: Wrap = asItIs): Promise<CallerSystem> {
    const transport = wrap(embedded(this.broker));
    const client = await createClient({ transport, clock: this.clock, random: () => 0.5 });
    this.#open.push(client);
    return client;
  }

  /** Closes what was opened, one after the other. */
  protected async close(): Promise<void> {
    for (const one of this.#open) await one.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    this.broker.close();
    assert.equal(this.clock.timers, 0);
  }
}
