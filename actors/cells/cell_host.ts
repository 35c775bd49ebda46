import type { Random } from "../../src/async/random.ts";
import type { HandlerInterceptor } from "../../src/call/interceptor.ts";
import type { ByteBudget } from "./byte_budget.ts";
import type { ContextHost } from "./call_context.ts";
import type { Turns } from "./turns.ts";

/** What all cells of one served contract share, with those of its system's other contracts among them. */
export interface CellHost extends ContextHost {
  /** Run around every attempt of a handler, the outermost first. */
  readonly interceptors: readonly HandlerInterceptor[];
  /** For the jitter of restarts. */
  readonly random: Random;
  /** The system's fairness. */
  readonly turns: Turns;
  /** What the system's mailboxes may hold together. */
  readonly budget: ByteBudget;
}
