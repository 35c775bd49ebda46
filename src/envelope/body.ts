/** What a body without a value decodes to: brokers refuse empty bodies, so one byte travels in its place. */
export const NO_BODY = undefined;

/** The byte that stands for no body, with the header `rpc-empty: 1` beside it. */
const PLACEHOLDER: Uint8Array = Uint8Array.of(0x20);

/** The bytes that travel for an encoded value, or for none. */
export function travelling(body: Uint8Array | undefined): Uint8Array {
  return body === undefined || body.length === 0 ? PLACEHOLDER : body;
}
