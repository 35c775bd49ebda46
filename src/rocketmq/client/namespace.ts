/** What stands between a namespace and a name. RocketMQ: NamespaceUtil. */
const SEPARATOR = "%";
/** What a group's retry and dead-letter topics begin with: a namespace comes behind it. */
const PREFIXES = ["%RETRY%", "%DLQ%"] as const;
const NAMESPACE = /^[A-Za-z0-9_-]{1,64}$/;

/** Names that belong to the cluster and are the same in every namespace. RocketMQ: TopicValidator, MixAll. */
const SYSTEM_NAMES: ReadonlySet<string> = new Set([
  "TBW102",
  "SCHEDULE_TOPIC_XXXX",
  "SELF_TEST_TOPIC",
  "BenchmarkTest",
  "OFFSET_MOVED_EVENT",
  "TRANS_CHECK_MAX_TIME_TOPIC",
  "CLIENT_INNER_PRODUCER",
  "SELF_TEST_P_GROUP",
  "SELF_TEST_C_GROUP",
]);
const SYSTEM_NAME = /^(?:RMQ_SYS_|rmq_sys_|CID_RMQ_SYS_)|_REPLY_TOPIC$/;

/**
 * Checks the name of a namespace.
 *
 * @throws TypeError unless it is 1 to 64 letters, digits, `_` and `-`
 */
export function checkNamespace(namespace: string): string {
  if (typeof namespace === "string" && NAMESPACE.test(namespace)) return namespace;
  throw new TypeError(
    `Cannot use 'namespace': it must be 1 to 64 letters, digits, "_" and "-": current value is ${
      JSON.stringify(namespace)
    }`,
  );
}

/**
 * The name that servers know a topic or group of a namespace by: `ns%orders`, `%RETRY%ns%group`, `%DLQ%ns%group`. Names
 * of the cluster's own, and those that have their namespace already, stay as they are.
 */
export function withNamespace(namespace: string | undefined, name: string): string {
  if (namespace === undefined || name === "" || SYSTEM_NAMES.has(name) || SYSTEM_NAME.test(name)) return name;
  const prefix = prefixOf(name);
  const rest = name.slice(prefix.length);
  return rest.startsWith(namespace + SEPARATOR) ? name : prefix + namespace + SEPARATOR + rest;
}

/** The inverse of {@linkcode withNamespace}: the name inside its namespace; others stay as they are. */
export function withoutNamespace(namespace: string | undefined, name: string): string {
  if (namespace === undefined) return name;
  const prefix = prefixOf(name);
  const inside = namespace + SEPARATOR;
  return name.startsWith(inside, prefix.length) ? prefix + name.slice(prefix.length + inside.length) : name;
}

function prefixOf(name: string): string {
  return PREFIXES.find((prefix) => name.startsWith(prefix)) ?? "";
}
