import { RequestCode, ResponseCode } from "../remote/codes.ts";
import type { RocketMqClient } from "./client.ts";
import type { RequestOptions } from "./request_options.ts";

/**
 * Whether a broker knows a consumer group. RocketMQ: GET_SUBSCRIPTIONGROUP_CONFIG.
 *
 * @param address a master, `host:port`
 * @returns `false` also where a broker is too old to tell
 * @throws RocketMqError kind `not_sent` or `unknown`
 */
export async function groupExists(
  client: RocketMqClient,
  address: string,
  group: string,
  options?: RequestOptions,
): Promise<boolean> {
  const request = { code: RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, fields: { group } };
  return (await client.request(address, request, options)).code === ResponseCode.SUCCESS;
}
