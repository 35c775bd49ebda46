import { type ClientOptions, RocketMqClient } from "../../../../src/rocketmq/client/client.ts";

/** Nobody listens there. */
export const NOBODY = "127.0.0.1:1";

/** A client of these name servers, without chance. */
export function newClient(nameServers: string, options: Partial<ClientOptions> = {}): RocketMqClient {
  return new RocketMqClient({ nameServers, clientId: "c", random: () => 0, ...options });
}
