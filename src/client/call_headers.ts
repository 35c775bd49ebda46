import { MAX_HEADER_BYTES } from "../call/defaults.ts";
import type { CallOptions } from "../contract/call_options.ts";
import { escapeHeader, HEADER, USER_PREFIX } from "../envelope/headers.ts";
import { RpcError } from "../errors/rpc_error.ts";

const NO_HEADERS: ReadonlyMap<string, string> = new Map();
const HEADER_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * Checks what the user puts into headers, by the size it has on the wire.
 *
 * @throws {RpcError} `invalid_argument` / `not_sent`, saying what is wrong
 */
export function callHeaders({ headers, idempotencyKey }: CallOptions): ReadonlyMap<string, string> {
  if (headers === undefined && idempotencyKey === undefined) return NO_HEADERS;
  const checked = new Map<string, string>();
  let bytes = 0;
  if (idempotencyKey !== undefined) {
    if (typeof idempotencyKey !== "string" || idempotencyKey === "") {
      throw invalid("Cannot use the 'idempotencyKey': it must be a text that is not empty");
    }
    bytes += HEADER.idempotencyKey.length + escapeHeader(idempotencyKey).length;
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (!HEADER_NAME.test(name)) {
      throw invalid(`Cannot send the header ${JSON.stringify(name)}: use letters, digits, "-", "_", "."`);
    }
    if (typeof value !== "string" || value === "") {
      throw invalid(`Cannot send the header "${name}": its value must be a text that is not empty`);
    }
    bytes += USER_PREFIX.length + name.length + escapeHeader(value).length;
    checked.set(name, value);
  }
  if (bytes > MAX_HEADER_BYTES) {
    throw invalid(
      `Cannot send the headers: with the 'idempotencyKey' they take ${bytes} bytes, at most ${MAX_HEADER_BYTES} travel`,
    );
  }
  return checked;
}

function invalid(message: string): RpcError {
  return new RpcError("invalid_argument", message, { outcome: "not_sent" });
}
