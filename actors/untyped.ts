import { defineEntity, defineService } from "../src/contract/define.ts";
import { method } from "../src/contract/method.ts";
import type { Contract } from "../src/contract/types.ts";

/** Contracts made of names that a client remembers; the one made first is forgotten first. */
const REMEMBERED = 1_024;

/**
 * Contracts of which only names are known, for calls without types: any queue will do for a service, the key's for
 * an entity, and bodies are JSON. The same names give the same contract, so that its calls travel together; names
 * may come from outside, so a bounded number is remembered.
 */
export class UntypedContracts {
  readonly #contracts = new Map<string, Contract>();

  /**
   * The contract of these names.
   *
   * @throws {TypeError} on illegal names
   */
  of(kind: "service" | "entity", name: string, called: string): Contract {
    const id = `${kind} ${name} ${called}`;
    const known = this.#contracts.get(id);
    if (known !== undefined) return known;
    const methods = { [called]: method<unknown, unknown>() };
    const contract = kind === "entity"
      ? defineEntity(name, methods)
      : defineService(name, methods, { slots: 1 });
    if (this.#contracts.size >= REMEMBERED) {
      for (const oldest of this.#contracts.keys()) {
        this.#contracts.delete(oldest);
        break;
      }
    }
    this.#contracts.set(id, contract);
    return contract;
  }
}
