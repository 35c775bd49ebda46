import { RequestCode, ResponseCode } from "../remote/codes.ts";
import type { RocketMqClient } from "./client.ts";
import type { RequestOptions } from "./request_options.ts";

/**
 * Whether a broker knows a consumer group. RocketMQ: GET_SUBSCRIPTIONGROUP_CONFIG.
 *
 * @param address a master, `host:port`
 * @returns `undefined` where a broker does not tell: it is too old, or this client may not ask
 * @throws RocketMqError kind `not_sent` or `unknown`
 */
export async function groupExists(
  client: RocketMqClient,
  address: string,
  group: string,
  options?: RequestOptions,
): Promise<boolean | undefined> {
  const request = { code: RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, fields: { group: client.onWire(group) } };
  const { code } = await client.request(address, request, options);
  if (code === ResponseCode.SUCCESS) return true;
  return code === ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST ? false : undefined;
}
