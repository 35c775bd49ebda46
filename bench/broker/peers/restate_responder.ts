/** Serves a service of Restate and announces it: `restate_responder.ts <admin> <service>`. */
import { createEndpointHandler, service } from "@restatedev/restate-sdk/fetch";
import type { Body } from "../contract.ts";
import { untilInputEnds } from "../requesting.ts";

const [admin = "", name = ""] = Deno.args;
const echo = service({ name, handlers: { echo: (_context: unknown, body: Body) => Promise.resolve(body) } });
// By itself it writes two lines about each call.
const handler = createEndpointHandler({ services: [echo], bidirectional: true, logger: () => {} });
await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
const announced = await fetch(`${admin}/deployments`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ uri: `http://127.0.0.1:${server.addr.port}` }),
});
if (!announced.ok) throw new Error(`${announced.status}: ${await announced.text()}`);
await announced.body?.cancel();
await untilInputEnds();
