import { createClient, createSystem, defineService, method } from "rocket-actors";
import type { RocketMqClient } from "rocket-actors/rocketmq";
import { freshName } from "../../tests/broker/shared.ts";
import { operatedGrpc } from "../../tests/helpers/operated_grpc.ts";
import type { Calls } from "./calls.ts";

/** Calls of this library. */
export async function startOurs(endpoints: string, operator: RocketMqClient): Promise<Calls> {
  const contract = defineService(freshName("Bench"), { echo: method<string, string>({ idempotent: true }) });
  const transport = () => operatedGrpc(operator, { endpoints });
  const system = await createSystem({ name: "server", transport: transport() });
  await system.serve(contract, { echo: (text) => text }, { concurrency: 256 });
  const caller = await createClient({ name: "caller", transport: transport() });
  const client = caller.client(contract, { timeoutMs: 10_000 });
  return {
    name: "rocket-actors",
    call: (text) => client.echo(text),
    close: async () => {
      await caller.close();
      await system.close();
    },
  };
}
