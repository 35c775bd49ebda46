import { RequestCode, ResponseCode } from "../remote/codes.ts";
import { expectSuccess, refusesAccess } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { asArray, asObject, asText, readJsonBody } from "./json.ts";
import type { RequestOptions } from "./request_options.ts";

/** Whose members to ask for, and whom. */
export interface GroupAtBroker {
  /** The consumer group. */
  readonly group: string;
  /** Name of the broker that is asked. */
  readonly brokerName: string;
}

/**
 * Lists the clients that are members of a consumer group, as one broker knows them: one id per connection. A client
 * that was cut off stays for up to two minutes.
 *
 * @returns none when the broker knows no member
 * @throws RocketMqError kind `refused`, `not_sent` or `unknown`
 */
export async function consumerIds(
  client: RocketMqClient,
  address: string,
  { group, brokerName }: GroupAtBroker,
  options?: RequestOptions,
): Promise<readonly string[]> {
  const fields = { consumerGroup: group, bname: brokerName };
  const response = await client.request(
    address,
    { code: RequestCode.GET_CONSUMER_LIST_BY_GROUP, fields },
    options,
  );
  // That is how a broker says "nobody".
  if (response.code === ResponseCode.SYSTEM_ERROR && !refusesAccess(response)) return [];
  return readJsonBody(expectSuccess(response, address), address, (value) => {
    const ids = asArray(asObject(value, "The body")["consumerIdList"], "consumerIdList");
    return ids.map((id) => asText(id, "consumerIdList[]"));
  });
}
