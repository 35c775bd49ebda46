import { DEFAULT_VERSION, isOldLine } from "./jars.ts";

/** The name server's file; the lines given win over ours. */
export function nameServerConfig(
  port: number,
  directory: string,
  extra: Readonly<Record<string, string>> = {},
): string {
  return properties({
    listenPort: `${port}`,
    bindAddress: "127.0.0.1",
    kvConfigPath: `${directory}/kvConfig.json`,
    configStorePath: `${directory}/namesrv.properties`,
    ...extra,
  });
}

/** What tells one broker from another. */
export interface BrokerSettings {
  readonly name: string;
  /** 0 is the master of its name, others are its replicas. */
  readonly id: number;
  readonly clusterName: string;
  readonly nameServer: string;
  readonly port: number;
  readonly directory: string;
  /** Lines that win over ours. */
  readonly extra: Readonly<Record<string, string>>;
}

/** The broker's file: small store files, everything on the loopback address that allows it. */
export function brokerConfig(broker: BrokerSettings): string {
  return properties({
    brokerClusterName: broker.clusterName,
    brokerName: broker.name,
    brokerId: `${broker.id}`,
    ...(broker.id === 0 ? {} : { brokerRole: "SLAVE" }),
    namesrvAddr: broker.nameServer,
    listenPort: `${broker.port}`,
    haListenPort: `${broker.port + 1}`,
    bindAddress: "127.0.0.1",
    brokerIP1: "127.0.0.1",
    brokerIP2: "127.0.0.1",
    storePathRootDir: `${broker.directory}/store`,
    storePathCommitLog: `${broker.directory}/store/commitlog`,
    mappedFileSizeCommitLog: "33554432",
    mappedFileSizeConsumeQueue: "60000",
    mappedFileSizeTimerLog: "10485760",
    maxHashSlotNum: "100000",
    maxIndexNum: "400000",
    diskMaxUsedSpaceRatio: "95",
    timerWheelEnable: "true",
    autoCreateTopicEnable: "true",
    // By default it refuses what has waited for 200 ms: a machine with other things to do is late, and not too busy.
    waitTimeMillsInSendQueue: "5000",
    ...broker.extra,
  });
}

/** The gRPC proxy's file, in JSON; the entries given win over ours. */
export function proxyConfig(
  clusterName: string,
  nameServer: string,
  ports: ProxyPorts,
  extra: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    rocketMQClusterName: clusterName,
    namesrvAddr: nameServer,
    grpcServerPort: ports.grpc,
    remotingListenPort: ports.remoting,
    localServeAddr: "127.0.0.1",
    remotingAccessAddr: "127.0.0.1",
    // Else leaving a group takes five seconds, and what nobody settles comes again after ten.
    minInvisibleTimeMillsForRecv: 1_000,
    grpcClientConsumerMinLongPollingTimeoutMillis: 200,
    ...extra,
  });
}

/** The proxy's two ports. */
export interface ProxyPorts {
  readonly grpc: number;
  readonly remoting: number;
}

/** Files that 4.9 insists on finding in its home, by path; 5.x has them in its jars. */
export function homeFiles(version: string = DEFAULT_VERSION): ReadonlyMap<string, string> {
  if (!isOldLine(version)) return new Map();
  return new Map([
    ["conf/logback_namesrv.xml", logback("namesrv")],
    ["conf/logback_broker.xml", logback("broker")],
  ]);
}

function logback(program: string): string {
  return `<configuration>
  <appender name="file" class="ch.qos.logback.core.FileAppender">
    <file>\${user.home}/logs/rocketmqlogs/${program}.log</file>
    <encoder><pattern>%d{yyyy-MM-dd HH:mm:ss,GMT+8} %p %t - %m%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="file"/></root>
</configuration>
`;
}

function properties(lines: Readonly<Record<string, string>>): string {
  return Object.entries(lines).map(([key, value]) => `${key}=${value}\n`).join("");
}
