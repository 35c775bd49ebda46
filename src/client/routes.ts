import type { Call } from "../call/call.ts";
import { slotOf, topicOf } from "../call/plan.ts";
import type { Contract } from "../contract/types.ts";
import type { Transport } from "../transport/transport.ts";
import { KeyedPacker } from "./keyed_packer.ts";
import { Packer } from "./packer.ts";
import { type Places, placesOf } from "./reply_reader.ts";

/** How the requests of one method leave. */
export interface Route {
  readonly topic: string;
  /** The slot of the method. */
  readonly slot: number;
  /** Where its bodies stand, for the codec. */
  readonly places: Places;
  /** For its calls without a key. */
  readonly packer: Packer;
  /** For its calls with a key: the contract's one, since all its keyed calls share an order. */
  readonly keyed: KeyedPacker;
}

interface ContractRoutes {
  readonly keyed: KeyedPacker;
  readonly methods: Map<string, Route>;
}

/** The ways out of a client, one per method that it has called: bounded by the contracts that a program holds. */
export class Routes {
  readonly #transport: Transport;
  readonly #contracts = new Map<string, ContractRoutes>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The route of the call's method. */
  of({ contract, method }: Call): Route {
    const routes = this.#contracts.get(contract.name) ?? this.#open(contract);
    return routes.methods.get(method) ?? this.#add(routes, contract, method);
  }

  #open(contract: Contract): ContractRoutes {
    const { name, slots, foreign, indexCalls } = contract;
    const keyed = new KeyedPacker(this.#transport, { topic: topicOf(name), foreign, indexCalls }, slots);
    const routes: ContractRoutes = { keyed, methods: new Map() };
    this.#contracts.set(name, routes);
    return routes;
  }

  #add({ keyed, methods }: ContractRoutes, contract: Contract, method: string): Route {
    const { name, slots, foreign, indexCalls } = contract;
    const topic = topicOf(name);
    const slot = slotOf(Object.keys(contract.methods).indexOf(method), slots);
    const packer = new Packer(this.#transport, { topic, slot, slots, foreign, indexCalls });
    const route: Route = { topic, slot, places: placesOf(name, method), packer, keyed };
    methods.set(method, route);
    return route;
  }
}
