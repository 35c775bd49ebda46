import { RpcError } from "../../errors/rpc_error.ts";

const SCHEME = "grpc:";
const INSTANCE = /^[1-9a-z][0-9a-z]{0,10}$/;

/** The address of an instance, as the opaque text that travels in headers. */
export function addressOf(instance: number): string {
  return SCHEME + instance.toString(36);
}

/**
 * The instance that an address belongs to.
 *
 * @throws {RpcError} `invalid_argument` / `not_sent` when it is none of this transport
 */
export function instanceAt(address: string): number {
  const text = address.slice(SCHEME.length);
  const instance = address.startsWith(SCHEME) && INSTANCE.test(text) ? Number.parseInt(text, 36) : NaN;
  if (Number.isSafeInteger(instance)) return instance;
  const message =
    `Cannot send to ${JSON.stringify(address.slice(0, 80))}: it is no address of this transport; ` +
    "callers and callees of one contract have to use the same kind of transport";
  throw new RpcError("invalid_argument", message, { outcome: "not_sent" });
}
