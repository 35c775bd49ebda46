import { RequestCode } from "../remote/codes.ts";
import { expectSuccess } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { asInteger, asObject, readJsonBody } from "./json.ts";
import type { RequestOptions } from "./request_options.ts";

/** What a broker says about itself. */
export interface BrokerRuntimeInfo {
  /** When it was started, epoch milliseconds: what it knew in memory only is as old at most. */
  readonly bootAtMs: number;
  /** Its version, e.g. `V5_5_0`; empty when it does not say. */
  readonly version: string;
  /** Everything it said. */
  readonly table: ReadonlyMap<string, string>;
}

/**
 * Asks a broker about itself. For about a second after its start a broker refuses with code 1: ask again.
 *
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function brokerRuntimeInfo(
  client: RocketMqClient,
  address: string,
  options?: RequestOptions,
): Promise<BrokerRuntimeInfo> {
  const response = await client.request(
    address,
    { code: RequestCode.GET_BROKER_RUNTIME_INFO, fields: {} },
    options,
  );
  return readJsonBody(expectSuccess(response, address), address, (value) => {
    const entries = Object.entries(asObject(asObject(value, "The body")["table"], "table"));
    const table = new Map(entries.map(([name, text]) => [name, String(text)]));
    const bootAtMs = asInteger(Number(table.get("bootTimestamp")), "bootTimestamp");
    return { bootAtMs, version: table.get("brokerVersionDesc") ?? "", table };
  });
}
