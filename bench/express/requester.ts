/** One requester that is told its load: `requester.ts <name server> <topic> <stored|express>`. */
import { Buffer } from "node:buffer";
import { encodeBody } from "../broker/contract.ts";
import { serveCommands } from "../broker/requesting.ts";
import { Bound } from "./bound.ts";
import { Caller } from "./caller.ts";
import { wayOf } from "./names.ts";

const TIMEOUT_MS = 10_000;

const [nameServers = "", topic = "", word] = Deno.args;
const way = wayOf(word);
const caller = await Caller.start({ nameServers, topic, timeoutMs: TIMEOUT_MS, bound: new Bound(Infinity) });
await serveCommands(async (body) => {
  const sent = encodeBody(body);
  if (Buffer.compare(await caller.call(way, sent), sent) !== 0) throw new Error("not the body that was sent");
});
Deno.exit(0);
