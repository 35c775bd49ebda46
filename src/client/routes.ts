import type { Clock } from "../async/clock.ts";
import type { Call } from "../call/call.ts";
import { slotOf, topicOf } from "../call/plan.ts";
import { type MethodPlaces, placesOf } from "../codec/places.ts";
import type { Contract } from "../contract/types.ts";
import type { Transport } from "../transport/transport.ts";
import { KNOWN_CONTRACTS } from "./defaults.ts";
import { KeyedPacker } from "./keyed_packer.ts";
import type { OutboundCall } from "./outbound_call.ts";
import type { Owners } from "./owners.ts";
import { Packer } from "./packer.ts";
import { PresenceWatch } from "./presence.ts";
import type { Destination } from "./request_message.ts";
import { Turns } from "./turns.ts";

/** How the requests of one method leave. */
export interface Route {
  /** The slot of the method, and of how many. */
  readonly slot: number;
  readonly slots: number;
  /** Where its bodies stand, for the codec. */
  readonly places: MethodPlaces;
  /** For its calls without a key. */
  readonly packer: Packer;
  /** What it shares with everything of that name. */
  readonly shared: SharedRoute;
}

/** What all calls to contracts of one name share, whichever values describe them: they meet in the same queues. */
export interface SharedRoute {
  /** Who serves them. */
  readonly watch: PresenceWatch;
  /** For their calls with a key. */
  readonly keyed: KeyedPacker;
  /** Calls with a key that cannot be sent yet. */
  readonly turns: Turns<OutboundCall>;
  /** By contract and method. */
  readonly routes: WeakMap<Contract, Map<string, Route>>;
}

/** The ways out of a client: one per method that it has called. */
export class Routes {
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #owners: Pick<Owners, "of">;
  readonly #byName = new Map<string, SharedRoute>();

  constructor(transport: Transport, clock: Clock, owners: Pick<Owners, "of">) {
    this.#transport = transport;
    this.#clock = clock;
    this.#owners = owners;
  }

  /** The route of the call's method. */
  of({ contract, method }: Call): Route {
    const shared = this.#byName.get(contract.name) ?? this.#open(contract);
    return shared.routes.get(contract)?.get(method) ?? this.#add(shared, contract, method);
  }

  /** Ends every look for who serves what. */
  close(): void {
    for (const { watch } of this.#byName.values()) watch.close();
  }

  #open(contract: Contract): SharedRoute {
    if (this.#byName.size >= KNOWN_CONTRACTS) this.#forgetOne();
    const shared: SharedRoute = {
      watch: new PresenceWatch(this.#transport, this.#clock, contract),
      keyed: new KeyedPacker(this.#transport, this.#destination(contract)),
      turns: new Turns(),
      routes: new WeakMap(),
    };
    this.#byName.set(contract.name, shared);
    return shared;
  }

  #destination({ name, foreign, indexCalls }: Contract): Destination {
    const groups = this.#transport.capabilities.ownership === "perMessage";
    return { topic: topicOf(name), foreign, indexCalls, groups };
  }

  /** Names may come from outside, so there may be any number of them. */
  #forgetOne(): void {
    for (const [name, { watch, keyed, turns }] of this.#byName) {
      if (!watch.idle || !keyed.idle || !turns.idle) continue;
      watch.close();
      this.#byName.delete(name);
      return;
    }
  }

  #add(shared: SharedRoute, contract: Contract, method: string): Route {
    const { name, slots } = contract;
    const slot = slotOf(Object.keys(contract.methods).indexOf(method), slots);
    const lane = { ...this.#destination(contract), slot, slots };
    const packer = new Packer(this.#transport, lane, (queue) => this.#owners.of(queue));
    const route: Route = { slot, slots, places: placesOf(name, method), packer, shared };
    const methods = shared.routes.get(contract);
    if (methods === undefined) shared.routes.set(contract, new Map([[method, route]]));
    else methods.set(method, route);
    return route;
  }
}
