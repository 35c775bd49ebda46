/** Calls what `growth_responder.ts` serves: `growth_requester.ts <name server> <contract> <kind> <size>`. */
import { createClient, RpcError } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { type Body, bodyOf } from "../broker/contract.ts";
import { checkEcho, serveCommands } from "../broker/requesting.ts";
import { backlogged, echoEntity, echoService, echoServices, neighbours } from "./contracts.ts";
import { type Kind, kindOf } from "./kind.ts";

/** First calls at once. */
const AT_ONCE = 32;
/** Of the first call of each. */
const ATTEMPTS = 10;

type Echo = (body: Body) => Promise<Body>;

const [nameServers = "", name = "", word, size] = Deno.args;
await using client = await createClient({ name: "bench-requester", transport: remoting({ nameServers }) });

/** What is called, one after the other. */
function targets(kind: Kind, count: number): Echo[] {
  switch (kind) {
    case "services":
    case "services-unpacked":
      return echoServices(name, kind === "services", count).map((contract) => client.client(contract).echo);
    case "keys": {
      const entity = client.client(echoEntity(name));
      return Array.from({ length: count }, (_, index) => entity.at(`key-${index}`).echo);
    }
    case "echo":
    case "echo-unpacked":
      return [client.client(echoService(name, kind === "echo")).echo];
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

/** Calls each once, so that first calls, with their routes and new actors, are no part of what is measured. */
async function touchAll(): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let echo = echoes[next++]; echo !== undefined; echo = echoes[next++]) await touch(echo);
  }));
}

/** An owner of thousands of queues takes its time to be there for the first call: it is made again until it is answered. */
async function touch(echo: Echo): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      await echo(bodyOf(attempt, 128));
      return;
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof RpcError)) throw error;
    }
  }
}

await touchAll();
await serveCommands(async (body) => {
  const echo = echoes[turn++ % echoes.length];
  if (echo !== undefined) checkEcho(body, await echo(body));
});
