import assert from "node:assert/strict";
import type { System } from "../../actors/system.ts";
import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { CODES } from "../../src/errors/code.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { turns } from "../helpers/settled.ts";
import { Count, never, type Produce, Service } from "./outcome_stage.ts";
import type { OutcomeName } from "./outcomes.ts";
import { wrapped } from "./wrapped.ts";

/** How calls fail of which nothing was sent. */
export const NOT_SENT = {
  badInput: async (at) => {
    await at.serve();
    const client = await at.client();
    const Checked = defineService("test.Outcomes", { ...Service.methods, run: method({ input: Count }) });
    const { run } = client.client(Service);
    return [
      await at.failure(client.client(Checked).run("x")),
      await at.failure(run(Symbol("not JSON"))),
      await at.failure(run("x".repeat(4 * 1024 * 1024))),
      await at.failure(run(1, { headers: { "": "x" } })),
      await at.failure(run(1, { idempotencyKey: "" })),
    ];
  },
  noMethod: async (at) => {
    const client = await at.client();
    return at.failure(client.invoke({ contract: Service, method: "nothing" }, 1));
  },
  nobody: async (at) => {
    const client = await at.client();
    const absent = await at.failure(client.client(Service).run(1));
    await at.serve();
    const send = () => Promise.reject(new RpcError("unavailable", "Down", { outcome: "not_sent" }));
    const cut = await at.client((transport) => wrapped(transport, { send }));
    const down = await at.failure(cut.client(Service).run(1));
    await client.close();
    return [absent, down, await at.failure(client.client(Service).run(1))];
  },
  brokerFull: async (at) => {
    await at.serve();
    const send = () => Promise.reject(new RpcError("resource_exhausted", "Full", { outcome: "not_sent" }));
    const client = await at.client((transport) => wrapped(transport, { send }));
    return at.failure(client.client(Service).run(1));
  },
  neverSent: async (at) => {
    await at.serve(never);
    const client = await at.client();
    const { run } = client.client(Service, { timeoutMs: 60_000 });
    // All that may be under way at once are.
    for (let call = 0; call < 4_096; call++) run(1).catch(() => {});
    return at.failure(run(1, { timeoutMs: 1_000 }));
  },
  cancelledBefore: async (at) => {
    await at.serve();
    const { run } = (await at.client()).client(Service);
    const aborted = await at.failure(run(1, { signal: AbortSignal.abort() }));
    const client = await at.client();
    const waiting = at.failure(client.client(Service).run(1));
    await client.close();
    return [aborted, await waiting];
  },
  entityCycle: async (at) => {
    const Account = defineEntity("test.Account", { ask: method<void, unknown>() });
    const system = await at.system();
    let inner: unknown;
    await system.serve(Account, () => ({
      async ask(_: void, context: { client: System["client"] }) {
        inner = await context.client(Account).at("a").ask().catch((error) => error);
      },
    }));
    await Promise.all([system.client(Account).at("a").ask(), turns(20)]);
    assert.ok(inner instanceof RpcError);
    return inner;
  },
  interceptor: async (at) => {
    await at.serve();
    const client = await at.client();
    const refuse = (code: RpcError["code"]) => {
      const interceptors = [() => Promise.reject(new RpcError(code, "No"))];
      return at.failure(client.client(Service, { interceptors }).run(1));
    };
    return Promise.all(CODES.map(refuse));
  },
} satisfies Readonly<Partial<Record<OutcomeName, Produce>>>;
