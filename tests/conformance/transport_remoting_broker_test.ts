import type { Capabilities } from "rocket-actors";
import { brokerRuntimeInfo, masterAddress, RocketMqClient, sendMessage } from "rocket-actors/rocketmq";
import { remoting } from "rocket-actors/transport/remoting";
import { clusterInfo, masterAddresses } from "../../src/rocketmq/client/cluster.ts";
import { sharedNameServer } from "../broker/shared.ts";
import { declarePlan } from "../helpers/declare_plan.ts";
import type { TransportFixture } from "./transport_stage.ts";
import { transportSuite } from "./transport_suite.ts";

/** Marks a body as compressed with LZ4, which is not read here. RocketMQ: MessageSysFlag. */
const COMPRESSED_WITH_LZ4 = 0x101;
/** A port at which nobody listens. */
const NOBODY = "127.0.0.1:1";
/** Longer than an owner goes on without a word from its broker. */
const PAUSE_MS = 2_000;

const CAPABILITIES: Omit<Capabilities, "delayMs"> = {
  ownership: "offset",
  ownedPartitions: true,
  orderedKeys: true,
  durable: true,
  storedReplies: true,
  presence: true,
  maxBodyBytes: 3 * 1024 * 1024,
};

async function open(replies: "push" | "topic"): Promise<TransportFixture> {
  const nameServers = sharedNameServer();
  const tools = new RocketMqClient({ nameServers, clientId: `tools-${crypto.randomUUID()}` });
  const [master = ""] = masterAddresses(await clusterInfo(tools)).values();
  const { version } = await brokerRuntimeInfo(tools, master);
  return {
    // Brokers of the older line have fixed levels of delay only.
    capabilities: { ...CAPABILITIES, delayMs: version.startsWith("V4_") ? false : 259_200_000 },
    transport: () => remoting({ nameServers, replies }),
    unreachable: () => remoting({ nameServers: NOBODY, replies }),
    storeDamaged: async ({ topic, broker: brokerName, id: queueId }) => {
      const address = masterAddress(await tools.route(topic), brokerName) ?? "";
      const message = { brokerName, topic, queueId, body: Uint8Array.of(1, 2, 3), properties: [] };
      await sendMessage(tools, address, { ...message, producerGroup: "tools", sysFlag: COMPRESSED_WITH_LZ4 });
    },
    declarePlan: (topic, number, queues) => declarePlan(tools, topic, number, queues),
    // A process that was paused for longer than that may no longer believe in its locks.
    lose: ({ clock }) => clock.shiftMs += PAUSE_MS,
    [Symbol.asyncDispose]: () => tools.close(),
  };
}

// The broker's timer steps by seconds; and a machine may pause.
for (const replies of ["push", "topic"] as const) {
  const name = `remoting, replies by ${replies}`;
  transportSuite({
    name,
    ownership: "offset",
    choosesQueues: true,
    latenessMs: 6_000,
    open: () => open(replies),
  });
}
