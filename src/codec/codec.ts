/** Where a body stands in a contract. */
export interface BodyPlace {
  readonly contract: string;
  readonly method: string;
  readonly part: "input" | "output" | "details";
  /** The declared error's name, for details. */
  readonly error?: string | undefined;
}

/**
 * Turns values into bytes and back. Contracts name one; its content type travels with every body, so that the
 * other end knows what it reads.
 */
export interface Codec {
  /** Such as `application/json`. */
  readonly contentType: string;
  /**
   * Encodes a value other than `undefined`, which travels as no body at all.
   *
   * @throws {TypeError} when the value has no form in this codec, with the reason
   */
  encode(value: unknown, place?: BodyPlace): Uint8Array;
  /**
   * Decodes one value. Keeps no reference to `bytes`.
   *
   * @throws {TypeError} when the bytes are no value of this codec
   */
  decode(bytes: Uint8Array, place?: BodyPlace): unknown;
}
