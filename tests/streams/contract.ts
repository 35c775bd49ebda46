import { setTimeout as sleep } from "node:timers/promises";
import { defineService, type HandlerContext, method, type Service, type Stream } from "rocket-actors";

/** How many items, and how long the handler waits after every hundred of them, in milliseconds. */
export interface Order {
  readonly items: number;
  readonly ms: number;
}

/** One item, and who made it. */
export interface Made {
  readonly n: number;
  readonly by: string;
}

/** What is streamed. */
export type FeedMethods = { readonly read: Stream<Order, Made> };

/** The contract that producers serve; every test has one of its own. */
export function feedContract(name: string): Service<FeedMethods> {
  return defineService(name, { read: method.stream<Order, Made>() }, { slots: 1 });
}

/** The handler of every producer. */
export function produce(
  by: string,
): (order: Order, ctx: Pick<HandlerContext, "signal">) => AsyncGenerator<Made> {
  return async function* ({ items, ms }, { signal }) {
    for (let n = 1; n <= items; n++) {
      if (n % 100 === 0 && ms > 0) await sleep(ms, undefined, { signal });
      yield { n, by };
    }
  };
}
