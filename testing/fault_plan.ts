import { type Fault, type Operation, type Step, textOfFault } from "./faults.ts";

/** A fault that strikes an operation. */
export type OperationFault =
  | Extract<Fault, { readonly on: Operation }>
  | Extract<Fault, { kind: "duplicate" }>;

const NONE: readonly never[] = Object.freeze([]);

/** Which faults strike what, and what has been counted so far. */
export class FaultPlan {
  readonly #strikes = new Map<string, Fault[]>();
  readonly #counts = new Map<string, number>();
  readonly #told: (text: string) => void;

  /**
   * @param faults in any order
   * @param told of each that strikes
   */
  constructor(faults: readonly Fault[], told: (text: string) => void) {
    this.#told = told;
    for (const fault of faults) {
      const place = placeOf(fault);
      if (place === undefined) continue;
      const name = `${place.of} ${place.nth}`;
      const there = this.#strikes.get(name);
      if (there === undefined) this.#strikes.set(name, [fault]);
      else there.push(fault);
    }
  }

  /** A process does something once more: what strikes it. */
  operation(process: string, on: Operation): readonly OperationFault[] {
    // Places of operations hold nothing else.
    return this.#next(`${process} ${on}`) as readonly OperationFault[];
  }

  /** A process is delivered a message: for how long its queue stands still from now on, in milliseconds. */
  stall(process: string): number {
    let ms = 0;
    for (const fault of this.#next(`${process} stall`)) {
      if (fault.kind === "stall") ms = Math.max(ms, fault.ms);
    }
    return ms;
  }

  /** A process looks at the members of a group: what it sees instead of the truth. */
  members(process: string): Extract<Fault, { kind: "members" }>["sees"] | undefined {
    const [fault] = this.#next(`${process} members`);
    return fault?.kind === "members" ? fault.sees : undefined;
  }

  /** A call of a process has come that far: whether the process dies of it. */
  crash(process: string, step: Step): Extract<Fault, { kind: "crash" }> | undefined {
    const [fault] = this.#next(`${process} ${step}`);
    return fault?.kind === "crash" ? fault : undefined;
  }

  #next(of: string): readonly Fault[] {
    if (this.#strikes.size === 0) return NONE;
    const nth = (this.#counts.get(of) ?? 0) + 1;
    this.#counts.set(of, nth);
    const found = this.#strikes.get(`${of} ${nth}`);
    if (found === undefined) return NONE;
    for (const fault of found) this.#told(textOfFault(fault));
    return found;
  }
}

function placeOf(fault: Fault): { readonly of: string; readonly nth: number } | undefined {
  switch (fault.kind) {
    case "delay":
    case "drop":
    case "lost answer":
      return { of: `${fault.process} ${fault.on}`, nth: fault.nth };
    case "duplicate":
      return { of: `${fault.process} send`, nth: fault.nth };
    case "stall":
    case "members":
      return { of: `${fault.process} ${fault.kind}`, nth: fault.nth };
    case "crash":
      return { of: `${fault.process} ${fault.step}`, nth: fault.nth };
    default:
      return undefined;
  }
}
