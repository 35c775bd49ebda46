import { MAX_CONTAINERS } from "./limits.ts";
import { Path } from "./path.ts";

/** Where an encoder is within a value, and how it refuses what it meets there. */
export class EncodeWalk {
  /** The way to the value under the eye. */
  readonly path = new Path();
  readonly #codec: string;
  readonly #maxDepth: number;
  /** The containers around the value under the eye. */
  readonly #around: object[] = [];
  #containers = 0;
  #refused: TypeError | undefined;

  /**
   * Starts at the top.
   *
   * @param codec its name, for messages
   * @param maxDepth how many containers may lie within each other
   */
  constructor(codec: string, maxDepth: number) {
    this.#codec = codec;
    this.#maxDepth = maxDepth;
  }

  /** Goes into a container; refuses cycles, and what is too deep or too large. */
  enter(container: object): void {
    if (this.#around.includes(container)) this.refuse("the value refers back to what it is part of");
    if (this.#around.length === this.#maxDepth) {
      this.refuse(`values lie at most ${this.#maxDepth} levels deep`);
    }
    if (++this.#containers > MAX_CONTAINERS) {
      this.refuse(`a body has at most ${MAX_CONTAINERS} arrays and objects`);
    }
    this.#around.push(container);
  }

  /** Goes out of the container that was entered last. Not needed once something was refused. */
  leave(): void {
    this.#around.pop();
  }

  /** Ends the walk. */
  refuse(reason: string): never {
    this.#refused = new TypeError(`Cannot encode ${this.path} as ${this.#codec}: ${reason}`);
    throw this.#refused;
  }

  /** What to throw for what ended the walk: a refusal, or what a getter, a proxy or a full stack threw. */
  refusal(error: unknown): TypeError {
    if (this.#refused !== undefined && error === this.#refused) return this.#refused;
    const reason = error instanceof Error ? error.message : String(error);
    return new TypeError(`Cannot encode ${this.path} as ${this.#codec}: ${reason}`, { cause: error });
  }
}
