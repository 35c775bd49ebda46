/**
 * A process of requesters that a test freezes and kills while their replies are on the way:
 *
 *     deno run -A tests/freeze/victims.ts <name server> <plain | push | topic> <requesters> <calls of each> <contract>...
 *
 * Each requester calls each contract's method `hold` that often: the plain ones as official clients do, the others through
 * our library, with replies that come that way. Ends with its stdin.
 */
import { createClient, RpcError } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { heartbeat, masterAddress, RocketMqClient, sendMessage } from "rocket-actors/rocketmq";
import { freezeContract } from "./contract.ts";

const TTL_MS = 60_000;
const [nameServers = "", kind = "", requesters = "0", calls = "0", ...contracts] = Deno.args;

/** Sends one request as an official client does. */
async function plainCall(client: RocketMqClient, contract: string): Promise<void> {
  const topic = contract.replaceAll(".", "-");
  const route = await client.route(topic);
  for (const { brokerName } of route.queues) {
    const address = masterAddress(route, brokerName) ?? "";
    await heartbeat(client, address, { producerGroups: ["victims"] });
    const properties: [string, string][] = [
      ["TAGS", "hold"],
      ["CORRELATION_ID", crypto.randomUUID()],
      ["REPLY_TO_CLIENT", client.clientId],
      ["TTL", String(TTL_MS)],
    ];
    const message = { brokerName, topic, queueId: 0, properties, body: new TextEncoder().encode("1") };
    await sendMessage(client, address, { ...message, producerGroup: "victims" });
    return;
  }
}

async function requester(): Promise<void> {
  if (kind === "plain") {
    const clientId = `127.0.0.1@${crypto.randomUUID()}`;
    const client = new RocketMqClient({ nameServers, clientId, onRequest: () => ({ code: 0 }) });
    for (const contract of contracts) {
      for (let call = 0; call < Number(calls); call++) await plainCall(client, contract);
    }
    return;
  }
  const replies = kind === "topic" ? "topic" : "push";
  const client = await createClient({ transport: remoting({ nameServers, replies }) });
  for (const contract of contracts) {
    const proxy = client.client(freezeContract(contract));
    for (let call = 0; call < Number(calls); call++) proxy.hold(call).catch(RpcError.from);
  }
}

await Promise.all(Array.from({ length: Number(requesters) }, requester));
for await (const _ of Deno.stdin.readable);
Deno.exit(0);
