import { RequestCode } from "../remote/codes.ts";
import { expectSuccess } from "../remote/response.ts";
import type { RocketMqClient } from "./client.ts";
import { asInteger, asText, readBody } from "./json.ts";
import type { RequestOptions } from "./request_options.ts";
import { MASTER_ID, type RouteBroker } from "./route.ts";
import { parseTolerantJson, type TolerantJson, type TolerantObject } from "./tolerant_json.ts";

/** All brokers that a name server knows. RocketMQ: ClusterInfo. */
export interface ClusterInfo {
  /** By broker name. */
  readonly brokers: ReadonlyMap<string, RouteBroker>;
}

/**
 * Asks a name server for all brokers.
 *
 * @throws RocketMqError when no name server answers, or it refuses
 */
export async function clusterInfo(client: RocketMqClient, options?: RequestOptions): Promise<ClusterInfo> {
  const request = { code: RequestCode.GET_BROKER_CLUSTER_INFO, fields: {} };
  const { address, response } = await client.nameServers.request(request, options);
  return readBody(expectSuccess(response, address), address, parseClusterInfo);
}

/** The masters' addresses, `host:port`, by broker name: of one cluster, or of all. */
export function masterAddresses(info: ClusterInfo, cluster?: string): ReadonlyMap<string, string> {
  const masters = new Map<string, string>();
  for (const [name, broker] of info.brokers) {
    const address = broker.addresses.get(MASTER_ID);
    if (address !== undefined && (cluster === undefined || cluster === broker.cluster)) {
      masters.set(name, address);
    }
  }
  return masters;
}

/**
 * Reads the body of a GET_BROKER_CLUSTER_INFO answer, whose broker ids are unquoted.
 *
 * @throws SyntaxError when it is no JSON of fastjson's kind
 * @throws TypeError when a member is missing or has the wrong type
 */
export function parseClusterInfo(text: string): ClusterInfo {
  const table = asMap(asMap(parseTolerantJson(text), "The body").get("brokerAddrTable"), "brokerAddrTable");
  const brokers = new Map<string, RouteBroker>();
  for (const [name, value] of table) {
    const broker = asMap(value, "brokerAddrTable{}");
    const addresses = new Map<number, string>();
    for (const [id, address] of asMap(broker.get("brokerAddrs"), "brokerAddrs")) {
      addresses.set(asInteger(Number(id), "A broker id"), asText(address, "A broker address"));
    }
    brokers.set(asText(name, "A broker name"), {
      cluster: asText(broker.get("cluster"), "cluster"),
      addresses,
    });
  }
  return { brokers };
}

function asMap(value: TolerantJson | undefined, what: string): TolerantObject {
  if (value instanceof Map) return value;
  throw new TypeError(`${what} is not an object`);
}
