/** Calls what `growth_responder.ts` serves: `growth_requester.ts <name server> <contract> <kind> <size>`. */
import { createClient } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import type { Body } from "../broker/contract.ts";
import { checkEcho, serveCommands } from "../broker/requesting.ts";
import { backlogged, echoEntity, echoService, echoServices, neighbours } from "./contracts.ts";
import { type Kind, kindOf } from "./kind.ts";

type Echo = (body: Body) => Promise<Body>;

const [nameServers = "", name = "", word, size] = Deno.args;
await using client = await createClient({ name: "bench-requester", transport: remoting({ nameServers }) });

/** What is called, one after the other. */
function targets(kind: Kind, count: number): Echo[] {
  switch (kind) {
    case "services":
      return echoServices(name, count).map((contract) => client.client(contract).echo);
    case "keys": {
      const entity = client.client(echoEntity(name));
      return Array.from({ length: count }, (_, index) => entity.at(`key-${index}`).echo);
    }
    case "echo":
      return [client.client(echoService(name)).echo];
    case "quick":
      return [client.client(neighbours(name)).quick];
    case "slow":
      return [client.client(neighbours(name)).slow];
    case "probe":
      return [client.client(backlogged(name)).probe];
  }
}

const echoes = targets(kindOf(word), Number(size));
let turn = 0;
await serveCommands(async (body) => {
  const echo = echoes[turn++ % echoes.length];
  if (echo !== undefined) checkEcho(body, await echo(body));
});
