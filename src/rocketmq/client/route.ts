import { asArray, asInteger, asObject, asText } from "./json.ts";

/** Bit of {@linkcode RouteQueues.perm}: consumers may read. RocketMQ: PermName. */
export const PERM_READ = 4;
/** Bit of {@linkcode RouteQueues.perm}: producers may write. */
export const PERM_WRITE = 2;
/** Id of a master among the brokers of one name. RocketMQ: MixAll.MASTER_ID. */
export const MASTER_ID = 0;

/** The queues of a topic that brokers of one name hold. */
export interface RouteQueues {
  /** The brokers that hold them. */
  readonly brokerName: string;
  /** Queues 0 to `read - 1` can be read. */
  readonly read: number;
  /** Queues 0 to `write - 1` can be written. */
  readonly write: number;
  /** Bits {@linkcode PERM_READ} and {@linkcode PERM_WRITE}. */
  readonly perm: number;
}

/** The brokers of one name: a master, perhaps with slaves. */
export interface RouteBroker {
  /** Name of the cluster they belong to. */
  readonly cluster: string;
  /** `host:port` by broker id; 0 is the master. */
  readonly addresses: ReadonlyMap<number, string>;
  /**
   * Whether a route gives a replica as the master while there is none: its queues cannot be written then. Brokers are
   * told apart by `clusterInfo()`, which gives each its own id. RocketMQ: enableSlaveActingMaster.
   */
  readonly actingMaster?: boolean | undefined;
}

/** Where a topic lives. RocketMQ: TopicRouteData. */
export interface TopicRoute {
  /** The topic asked for. */
  readonly topic: string;
  /** At most one entry for each broker name. */
  readonly queues: readonly RouteQueues[];
  /** By broker name. */
  readonly brokers: ReadonlyMap<string, RouteBroker>;
}

/**
 * Reads the body of a GET_ROUTEINFO_BY_TOPIC answer.
 *
 * @throws TypeError when a member is missing or has the wrong type
 */
export function parseTopicRoute(topic: string, value: unknown): TopicRoute {
  const route = asObject(value, "The route");
  const queues = asArray(route["queueDatas"], "queueDatas").map(parseQueues);
  const brokers = asArray(route["brokerDatas"], "brokerDatas").map((broker) => parseBroker(broker));
  return { topic, queues, brokers: new Map(brokers) };
}

/** The address of the master of a broker name, or `undefined` when there is none. */
export function masterAddress(
  { brokers }: Pick<TopicRoute, "brokers">,
  brokerName: string,
): string | undefined {
  return brokers.get(brokerName)?.addresses.get(MASTER_ID);
}

/**
 * The address that messages of a broker name are read from: the broker that an earlier answer suggested, else the
 * master, else any replica. Only what is read may come from a replica: offsets, locks and everything that is sent
 * belong to the master.
 *
 * @param suggestedId `PullResult.suggestedBrokerId` of the last pull, if any
 * @returns `undefined` when none of them is there
 */
export function readAddress(
  route: TopicRoute,
  brokerName: string,
  suggestedId: number = MASTER_ID,
): { readonly address: string; readonly master: boolean } | undefined {
  const addresses = route.brokers.get(brokerName)?.addresses;
  if (addresses === undefined) return undefined;
  const [anyId] = [...addresses.keys()].sort((one, other) => one - other);
  for (const id of [suggestedId, MASTER_ID, anyId]) {
    const address = id === undefined ? undefined : addresses.get(id);
    if (address !== undefined) return { address, master: id === MASTER_ID };
  }
  return undefined;
}

function parseQueues(value: unknown): RouteQueues {
  const queues = asObject(value, "queueDatas[]");
  return {
    brokerName: asText(queues["brokerName"], "brokerName"),
    read: asInteger(queues["readQueueNums"], "readQueueNums"),
    write: asInteger(queues["writeQueueNums"], "writeQueueNums"),
    perm: asInteger(queues["perm"], "perm"),
  };
}

function parseBroker(value: unknown): [string, RouteBroker] {
  const broker = asObject(value, "brokerDatas[]");
  const addresses = Object.entries(asObject(broker["brokerAddrs"], "brokerAddrs"))
    .map(([id, address]): [number, string] => [
      asInteger(Number(id), "A broker id"),
      asText(address, "A broker address"),
    ]);
  const cluster = asText(broker["cluster"], "cluster");
  const actingMaster = broker["enableActingMaster"] === true;
  return [asText(broker["brokerName"], "brokerName"), {
    cluster,
    addresses: new Map(addresses),
    ...(actingMaster ? { actingMaster } : {}),
  }];
}
