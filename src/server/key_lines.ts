/** A call that may have to wait for an earlier one of its key. */
export interface Keyed {
  /** What runs one at a time: calls of one key of one method, or of one entity. `undefined`: it waits for nobody. */
  readonly line: string | undefined;
}

interface Line<C> {
  /** In their order; the first is the one that holds the key. */
  readonly calls: C[];
  /** Whether the first has come back from its wait: then the others follow as they are claimed. */
  flowing: boolean;
}

/**
 * Keeps calls of one key in order while one of them waits for its next attempt: mailboxes know nothing of it, and
 * would start the next one. A line exists only as long as somebody waits in it.
 */
export class KeyLines<C extends Keyed> {
  readonly #lines = new Map<string, Line<C>>();

  /** Keys of which a call waits: 0 nearly always. */
  get size(): number {
    return this.#lines.size;
  }

  /** The call waits from now on, and its key with it. */
  hold(call: C): void {
    const { line: name } = call;
    if (name === undefined) return;
    const line = this.#lines.get(name);
    if (line === undefined) this.#lines.set(name, { calls: [call], flowing: false });
    else {
      line.calls.unshift(call);
      line.flowing = false;
    }
  }

  /** The call's wait is over. Returns those to hand on again, in order; itself first. */
  back(call: C): readonly C[] {
    const line = this.#lineOf(call);
    if (line === undefined) return [call];
    line.flowing = true;
    return [...line.calls];
  }

  /**
   * Asked right before a call starts: `go`; or it stands in line now, and is handed on later (`wait`) or has to be
   * handed on again at once, behind those before it (`again`).
   */
  claim(call: C): "go" | "wait" | "again" {
    const line = this.#lineOf(call);
    if (line === undefined) return "go";
    if (line.flowing && line.calls[0] === call) {
      this.#shift(call.line, line);
      return "go";
    }
    if (!line.calls.includes(call)) line.calls.push(call);
    return line.flowing ? "again" : "wait";
  }

  /** The call has ended without starting. Returns those that need not wait for it any longer, in order. */
  leave(call: C): readonly C[] {
    const line = this.#lineOf(call);
    const at = line?.calls.indexOf(call) ?? -1;
    if (line === undefined || at < 0) return [];
    line.calls.splice(at, 1);
    if (line.calls.length === 0 && call.line !== undefined) this.#lines.delete(call.line);
    if (at > 0 || line.flowing) return [];
    line.flowing = true;
    return [...line.calls];
  }

  #lineOf({ line }: C): Line<C> | undefined {
    return line === undefined ? undefined : this.#lines.get(line);
  }

  #shift(name: string | undefined, line: Line<C>): void {
    line.calls.shift();
    if (line.calls.length === 0 && name !== undefined) this.#lines.delete(name);
  }
}
