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
  encode(value: unknown): Uint8Array;
  /**
   * Decodes one value. Keeps no reference to `bytes`.
   *
   * @throws {TypeError} when the bytes are no value of this codec
   */
  decode(bytes: Uint8Array): unknown;
}
