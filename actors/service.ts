import { addressOf } from "../src/call/address.ts";
import type { InboundCall } from "../src/call/inbound.ts";
import type { Contract } from "../src/contract/types.ts";
import type { Actors } from "./actors.ts";
import { Cell } from "./cells/cell.ts";
import type { CellHost } from "./cells/cell_host.ts";
import type { ChildSpec, StartContext, StopOptions } from "./supervision/child.ts";
import { METHOD_MAILBOX } from "./defaults.ts";
import { handlersOf, type MethodHandler } from "./handlers.ts";
import { KeyedOrder } from "./cells/keyed_order.ts";
import { FifoMailbox } from "./cells/mailbox.ts";
import { MethodActor } from "./method_actor.ts";
import { RunWatch } from "./cells/run_watch.ts";
import type { ServeOptions } from "./serve_options.ts";
import { type MethodPlan, type ServicePlan, servicePlan } from "./serve_plan.ts";
import { Supervisor } from "./supervision/supervisor.ts";
import type { TreeNode } from "../src/call/tree.ts";

/** A method as a child of its service's supervisor. */
interface MethodChild {
  readonly cell: Cell | MethodActor["cell"];
  readonly spec: ChildSpec;
}

/** The actors of a service: a cell per method, under one supervisor. */
export class ServiceActors implements Actors {
  readonly #host: CellHost;
  readonly #plan: ServicePlan;
  readonly #watch: RunWatch;
  readonly #methods: ReadonlyMap<string, MethodChild>;
  readonly stateful: readonly string[];
  #supervisor: Supervisor | undefined;
  #onRoom: () => void = () => {};

  /**
   * @param contract a service
   * @param given an object with a handler per method, or an instance of a class
   * @throws {TypeError} when a handler is missing, is no function, or belongs to no method; on options that mean nothing
   * @throws {RangeError} on numbers out of their range
   */
  constructor(contract: Contract, given: unknown, options: ServeOptions, host: CellHost) {
    const handlers = handlersOf(contract, given);
    this.stateful = [...handlers].filter(([, { kind }]) => kind === "actor").map(([method]) => method);
    this.#host = host;
    this.#plan = servicePlan(contract, handlers, options);
    this.#watch = new RunWatch(host.clock, this.#plan.abandonAfterMs);
    this.#methods = new Map(
      Object.entries(contract.methods).map(([method, { settings }]) => {
        const handler = handlers.get(method);
        const plan = this.#plan.methods.get(method);
        if (handler === undefined || plan === undefined) throw new TypeError(`No handler of "${method}"`);
        const keyed = settings.key !== undefined;
        return [method, this.#create(method, handler, plan, keyed)];
      }),
    );
  }

  readonly deliver = (call: InboundCall): boolean => {
    const child = this.#methods.get(call.method);
    // The receiver lets only methods of the contract through, and each of them has its cell.
    if (child === undefined) throw new TypeError(`No cell for method "${call.method}"`);
    return child.cell.deliver(call);
  };

  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  async start(context: StartContext): Promise<void> {
    const { contract, clock, random } = this.#host;
    // A method spends a limit of its own. When one escalates, the service is to fail whatever its supervisor may do.
    const options = {
      ...this.#plan.supervision,
      onGiveUp: "escalate",
      id: contract.name,
      clock,
      random,
    } as const;
    const children = [...this.#methods.values()].map(({ spec }) => spec);
    this.#supervisor = await Supervisor.start({ ...options, children }, context);
  }

  async stop(options: StopOptions): Promise<void> {
    await this.#supervisor?.stop(options);
    this.#watch.close();
  }

  nodes(): readonly TreeNode[] {
    const nodes = this.#supervisor?.state().children ?? [];
    return nodes.map((node) => this.#describe(node));
  }

  #create(method: string, handler: MethodHandler, plan: MethodPlan, keyed: boolean): MethodChild {
    const host = this.#host;
    const watch = this.#watch;
    const address = addressOf(host.contract.name, "service", method, undefined);
    const bounds = { maxCalls: plan.mailboxCalls, maxBytes: METHOD_MAILBOX.bytes, budget: host.budget };
    const onRoom = () => this.#onRoom();
    if (handler.kind === "actor") {
      const supervisor = () => this.#supervisor;
      const { actor } = handler;
      return new MethodActor({
        method,
        address,
        actor,
        plan: plan.actor,
        host,
        watch,
        bounds,
        onRoom,
        supervisor,
      });
    }
    const mailbox = keyed ? new KeyedOrder(bounds, onRoom) : new FifoMailbox(bounds, onRoom);
    const { concurrency } = plan;
    const cell = new Cell({ address, handler: handler.handler, concurrency, mailbox, host, watch });
    // It has no state: there is nothing to start, to stop or to restart.
    return { cell, spec: { id: method, kind: "method", start: () => ({ stop: () => {} }) } };
  }

  #describe(node: TreeNode): TreeNode {
    const cell = this.#methods.get(node.id)?.cell;
    if (cell === undefined) return node;
    const { depth, running, crashes, abandoned } = cell;
    const left = abandoned.node;
    return {
      ...node,
      ...(left !== undefined && { abandoned: left }),
      details: { depth, running, crashes, ...(left !== undefined && { endedLate: abandoned.endedLate }) },
    };
  }
}
