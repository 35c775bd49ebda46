import { topicOf } from "../call/plan.ts";
import type { Attributes } from "../deps/opentelemetry.ts";
import { ATTRIBUTE, MESSAGING_SYSTEM, OTHER, RPC_SYSTEM } from "./attributes.ts";

/** Methods with series of their own; whatever else is called shares one. */
const MAX_METHODS = 1_000;

/** What is counted of one method, and the attributes of its metrics: made once, since every call needs them. */
export class MethodSeries {
  /** `bank.Payments/transfer`. */
  readonly name: string;
  readonly attributes: Attributes;
  /** Calls of this side under way. */
  active = 0;
  /** Calls that were sent again. */
  resends = 0;
  /** Whether this side has called it. */
  used = false;
  readonly #made = new Map<string, Attributes>();

  readonly #topic: string | undefined;

  /** @param topic the contract's, where it has one of its own */
  constructor(name: string, topic?: string) {
    this.name = name;
    this.#topic = topic;
    this.attributes = { [ATTRIBUTE.system]: RPC_SYSTEM, [ATTRIBUTE.method]: name };
  }

  /**
   * The attributes of a call that ended so.
   *
   * @param code how it was answered; `undefined` where it was not
   * @param errorType what went wrong, if anything did: one of a few words
   * @param outcome what its caller knows about delivery, where that is this side
   */
  ended(code: string | undefined, errorType: string | undefined, outcome: string | undefined): Attributes {
    return this.#of(`${code} ${errorType} ${outcome}`, {
      [ATTRIBUTE.code]: code,
      [ATTRIBUTE.errorType]: errorType,
      [ATTRIBUTE.outcome]: outcome,
    });
  }

  /** The attributes of a one-way call that ended so, by the messaging conventions. */
  told(
    operation: "send" | "process",
    code: string | undefined,
    errorType: string | undefined,
    outcome?: string,
  ): Attributes {
    return this.#of(`${operation} ${code} ${errorType} ${outcome}`, {
      [ATTRIBUTE.messaging]: MESSAGING_SYSTEM,
      [ATTRIBUTE.operation]: operation,
      [ATTRIBUTE.operationType]: operation,
      [ATTRIBUTE.topic]: this.#topic,
      [ATTRIBUTE.code]: code,
      [ATTRIBUTE.errorType]: errorType,
      [ATTRIBUTE.outcome]: outcome,
    });
  }

  /** The attributes of an attempt that ended so. */
  attempt(attempt: number, errorType: string | undefined): Attributes {
    return this.#of(`${attempt} ${errorType}`, {
      [ATTRIBUTE.attempt]: attempt,
      [ATTRIBUTE.errorType]: errorType,
    });
  }

  #of(key: string, more: Attributes): Attributes {
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    const attributes: Attributes = { ...this.attributes };
    for (const [name, value] of Object.entries(more)) if (value !== undefined) attributes[name] = value;
    this.#made.set(key, attributes);
    return attributes;
  }
}

/** The series of all methods that were met. Bounded: names may come from outside. */
export class SeriesTable {
  readonly #contracts = new Map<string, Map<string, MethodSeries>>();
  readonly #other = new MethodSeries(OTHER);
  #size = 0;

  /** The series of a method; of one that is not `known`, or one too many, that of all others. */
  of(contract: string, method: string, known = true): MethodSeries {
    if (!known) return this.#other;
    const found = this.#contracts.get(contract)?.get(method);
    if (found !== undefined) return found;
    if (this.#size === MAX_METHODS) return this.#other;
    this.#size++;
    const methods = this.#contracts.get(contract) ?? new Map<string, MethodSeries>();
    this.#contracts.set(contract, methods);
    const series = new MethodSeries(`${contract}/${method}`, topicOf(contract));
    methods.set(method, series);
    return series;
  }

  /** All of them, the shared one included. */
  *all(): Iterable<MethodSeries> {
    for (const methods of this.#contracts.values()) yield* methods.values();
    yield this.#other;
  }
}
