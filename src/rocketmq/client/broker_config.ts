import { RequestCode } from "../remote/codes.ts";
import { expectSuccess } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { readBody } from "./json.ts";
import type { RequestOptions } from "./request_options.ts";

/**
 * Asks a broker for its configuration, which clusters with access control may refuse.
 *
 * @returns values as text, by name
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function brokerConfig(
  client: RocketMqClient,
  address: string,
  options?: RequestOptions,
): Promise<ReadonlyMap<string, string>> {
  const request = { code: RequestCode.GET_BROKER_CONFIG, fields: {} };
  return readBody(
    expectSuccess(await client.request(address, request, options), address),
    address,
    parseConfig,
  );
}

function parseConfig(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) values.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
  }
  return values;
}
