import { JvmProcess } from "./process.ts";

/** The programs of a cluster and the memory each may use. */
const PROGRAMS = {
  namesrv: {
    main: "org.apache.rocketmq.namesrv.NamesrvStartup",
    memory: ["-Xms32m", "-Xmx128m", "-XX:TieredStopAtLevel=1"],
  },
  broker: {
    main: "org.apache.rocketmq.broker.BrokerStartup",
    memory: ["-Xms128m", "-Xmx512m", "-XX:MaxDirectMemorySize=512m"],
  },
  proxy: {
    main: "org.apache.rocketmq.proxy.ProxyStartup",
    memory: ["-Xms64m", "-Xmx256m", "-XX:MaxDirectMemorySize=256m"],
  },
} as const;

/** One start of one program. */
export interface ProgramStart {
  readonly program: keyof typeof PROGRAMS;
  /** Name for messages. */
  readonly name: string;
  readonly classPath: string;
  /** The process's own folder: its home, its logs, its configuration. */
  readonly directory: string;
  readonly args: readonly string[];
  /** System properties, as options of `java`. */
  readonly properties?: readonly string[];
}

/** Starts one program of RocketMQ with a small heap; all it writes goes into its folder. */
export function startProgram(start: ProgramStart): JvmProcess {
  const { main, memory } = PROGRAMS[start.program];
  const { directory } = start;
  return new JvmProcess({
    name: start.name,
    logFile: `${directory}/output.log`,
    ownLogs: [`${directory}/logs/rocketmqlogs/${start.program}.log`],
    args: [
      ...memory,
      // The collector that uses the least memory and threads.
      "-XX:+UseSerialGC",
      "-XX:-UsePerfData",
      `-XX:ErrorFile=${directory}/crash.log`,
      `-Duser.home=${directory}`,
      `-Djava.io.tmpdir=${directory}`,
      `-Drocketmq.home.dir=${directory}`,
      `-DRMQ_PROXY_HOME=${directory}`,
      ...(start.properties ?? []),
      // The broker maps and unmaps its store through internals that Java 17 does not export.
      ...["java.base/sun.nio.ch", "java.base/jdk.internal.ref"].map((name) =>
        `--add-exports=${name}=ALL-UNNAMED`
      ),
      // 4.9 unmaps its files by reflection on the buffers themselves.
      "--add-opens=java.base/java.nio=ALL-UNNAMED",
      ...["-cp", start.classPath, main, ...start.args],
    ],
  });
}
