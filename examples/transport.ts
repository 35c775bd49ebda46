import { parseArgs } from "node:util";
import { type Contract, embedded, embeddedBroker, type EmbeddedMessage, type Transport } from "rocket-actors";

/** A request that will not be run again, as an operator sees it. */
export interface DeadLetter {
  readonly method: string;
  readonly reason: string;
}

/** What an example runs on. */
export interface ExampleTransports {
  /** Makes one more connection to the same broker. */
  transport(): Transport;
  readonly name: string;
  /** The dead letters of a contract, oldest first. */
  deadLetters(contract: Contract): Promise<readonly DeadLetter[]>;
}

/** Which transport an example runs on, and how it is called. */
export interface ExampleTransport extends Omit<ExampleTransports, "transport"> {
  readonly transport: Transport;
}

/**
 * Reads the flag that all examples share: `--name-server host:port` runs them on RocketMQ, `--endpoint host:port` on
 * RocketMQ by its gRPC proxy.
 */
export async function exampleTransports(args: readonly string[]): Promise<ExampleTransports> {
  const { values } = parseArgs({
    args: [...args],
    options: { "name-server": { type: "string" }, endpoint: { type: "string" } },
  });
  const { "name-server": nameServers, endpoint } = values;
  if (nameServers !== undefined) return await onRocketMQ(nameServers);
  if (endpoint !== undefined) return await onProxy(endpoint);
  const broker = embeddedBroker();
  return {
    transport: () => embedded(broker),
    name: "the embedded broker",
    deadLetters: (contract) => Promise.resolve(broker.messages(deadLetterTopic(contract)).map(letterOf)),
  };
}

/** As {@linkcode exampleTransports}, for an example with one system. */
export async function exampleTransport(args: readonly string[]): Promise<ExampleTransport> {
  const transports = await exampleTransports(args);
  return { ...transports, transport: transports.transport() };
}

async function onRocketMQ(nameServers: string): Promise<ExampleTransports> {
  const { remoting } = await import("rocket-actors/transport/remoting");
  const { lettersOf } = await import("./dead_letters.ts");
  const since = Date.now();
  return {
    transport: () => remoting({ nameServers }),
    name: `RocketMQ at ${nameServers}`,
    deadLetters: (contract) => lettersOf(nameServers, deadLetterTopic(contract), since),
  };
}

async function onProxy(endpoints: string): Promise<ExampleTransports> {
  const { grpc } = await import("rocket-actors/transport/grpc");
  return {
    transport: () => grpc({ endpoints }),
    name: `the RocketMQ proxy at ${endpoints}`,
    deadLetters: () =>
      Promise.reject(
        new TypeError(
          "Dead letters are not looked at here by gRPC, which takes what it reads: use a console, or --name-server",
        ),
      ),
  };
}

function deadLetterTopic(contract: Contract): string {
  return `%DLQ%rpc-${contract.name.replaceAll(".", "-")}`;
}

function letterOf({ message }: EmbeddedMessage): DeadLetter {
  return { method: message.tag, reason: message.headers.get("rpc-dead") ?? "" };
}
