/**
 * Where a body stands in a contract, for codecs whose types are the contract's. Callers make one place per method and
 * part and hand in the same object each time.
 */
export interface BodyPlace {
  /** The contract's name. */
  readonly contract: string;
  /** The method's name. */
  readonly method: string;
  /** What the method takes, what it answers (of a stream, each item), or the details of an error that it declares. */
  readonly part: "input" | "output" | "details";
  /** The declared error's name, for details. */
  readonly error?: string | undefined;
}

/**
 * Turns values into bytes and back. Contracts name one; its content type travels with every body, so that the
 * other end knows what it reads.
 *
 * A codec has no state that calls can see: its methods need no `this`, and one value may serve any number of contracts
 * unless its types are one contract's.
 */
export interface Codec {
  /** Such as `application/json`. */
  readonly contentType: string;
  /**
   * Encodes a value other than `undefined`, which travels as no body at all. Gives at least one byte, since brokers
   * refuse bodies without any; nobody may write to them, and no later call does.
   *
   * @param value what to encode; not kept, and not changed
   * @param place where it stands; codecs that write any value ignore it
   * @throws {TypeError} when the value has no form in this codec, with its path from `$` and the reason
   */
  encode(value: unknown, place?: BodyPlace): Uint8Array;
  /**
   * Decodes one value. Keeps no reference to `bytes`, and sets no prototype, whatever they hold.
   *
   * @param bytes what a peer sent; may be hostile
   * @param place where it stands; codecs that read any value ignore it
   * @throws {TypeError} when the bytes are no value of this codec
   */
  decode(bytes: Uint8Array, place?: BodyPlace): unknown;
}
