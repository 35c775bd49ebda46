/**
 * Serves what a growth bench calls: `growth_responder.ts <name server> <contract> <kind> <size>`. It says that it serves
 * when everything does.
 */
import { createSystem, RpcError } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { setTimeout as delay } from "node:timers/promises";
import type { Body } from "../broker/contract.ts";
import { untilInputEnds } from "../broker/requesting.ts";
import { echoEntity, type EchoService, echoService, echoServices, neighbours } from "./contracts.ts";
import { type Kind, kindOf } from "./kind.ts";

/** What a slow handler takes, in milliseconds. */
const SLOW_MS = 100;
/** Services that start at once. */
const AT_ONCE = 4;
/** How long one of them is tried to be started, and how long it is left alone in between, in milliseconds. */
const SERVICE_START_MS = 5 * 60_000;
const AGAIN_MS = 500;
/** Topics that are made while other things run on the machine take their time. */
const START_MS = 120_000;

const [nameServers = "", name = "", word, size] = Deno.args;
await using system = await createSystem({ name: "bench-responder", transport: remoting({ nameServers }) });
const echo = (body: Body) => body;
const timeoutMs = START_MS;

/**
 * A broker that makes thousands of topics and groups leaves a request unanswered now and then, or is late to tell its name
 * server: that is start-up time, too.
 */
async function serveService(contract: EchoService): Promise<void> {
  const limit = performance.now() + SERVICE_START_MS;
  while (true) {
    try {
      await system.serve(contract, { echo }, { timeoutMs });
      return;
    } catch (error) {
      const mayPass = error instanceof RpcError && error.outcome === "not_sent" &&
        error.code !== "failed_precondition";
      if (!mayPass || performance.now() > limit) throw error;
      await delay(AGAIN_MS);
    }
  }
}

async function serve(kind: Kind, count: number): Promise<void> {
  switch (kind) {
    case "services":
    case "services-unpacked": {
      const waiting = echoServices(name, kind === "services", count);
      await Promise.all(Array.from({ length: AT_ONCE }, async () => {
        for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) await serveService(one);
      }));
      return;
    }
    case "keys":
      await system.serve(echoEntity(name), () => ({ echo }), { timeoutMs });
      return;
    case "echo":
    case "echo-unpacked":
      await system.serve(echoService(name, kind === "echo"), { echo }, { timeoutMs });
      return;
    case "probe":
      throw new TypeError("A backlog is served by backlog_drain.ts");
    case "quick":
    case "slow": {
      const slow = (body: Body) => delay(SLOW_MS, body);
      await system.serve(neighbours(name), { quick: echo, slow }, { timeoutMs });
    }
  }
}

await serve(kindOf(word), Number(size));
await untilInputEnds();
