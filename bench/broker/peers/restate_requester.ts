/** Calls a service of Restate at its ingress: `restate_requester.ts <ingress> <service>`. */
import { checkEcho, serveCommands } from "../requesting.ts";

const TIMEOUT_MS = 10_000;

const [ingress = "", name = ""] = Deno.args;
const url = `${ingress}/${name}/echo`;
const headers = { "content-type": "application/json" };
// As many connections as calls: the default would let calls queue up in here.
const client = Deno.createHttpClient({ poolMaxIdlePerHost: 1_024 });
await serveCommands(async (body) => {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), client, signal });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  checkEcho(body, await response.json());
});
