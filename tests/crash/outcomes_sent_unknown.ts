import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { turns } from "../helpers/settled.ts";
import { never, type Produce, Service } from "./outcome_stage.ts";
import type { OutcomeName } from "./outcomes.ts";
import { wrapped } from "./wrapped.ts";

const Feed = defineService("test.Feed", { read: method.stream<void, number>() });

/** How calls fail of which nobody knows whether they ran. */
export const SENT_UNKNOWN = {
  streamBroken: async (at) => {
    const system = await at.system();
    await system.serve(Feed, {
      async *read() {
        yield 1;
        await never();
      },
    });
    const stream = (await at.client()).client(Feed, { timeoutMs: 60_000 }).read();
    const reading = at.failure(Array.fromAsync(stream));
    await turns(20);
    at.broker.crash(system.instance);
    return reading;
  },
  streamGap: async (at) => {
    let sent = 0;
    // The second item does not arrive, and nobody has stored it.
    const sendTo = (forward: () => Promise<void>) => ++sent === 2 ? Promise.resolve() : forward();
    const system = await at.system((transport) => wrapped(transport, { sendTo }));
    await system.serve(Feed, {
      async *read() {
        for (let n = 1; n <= 3; n++) {
          yield n;
          await turns(3);
        }
      },
    });
    return at.failure(Array.fromAsync((await at.client()).client(Feed).read()));
  },
  lostAnswer: async (at) => {
    await at.serve();
    const send = () => Promise.reject(new RpcError("unavailable", "Cut", { outcome: "sent_unknown" }));
    const client = await at.client((transport) => wrapped(transport, { send }));
    return at.failure(client.client(Service).run(1));
  },
  brokenTransport: async (at) => {
    await at.serve();
    const send = () => Promise.reject(new Error("No RpcError"));
    const client = await at.client((transport) => wrapped(transport, { send }));
    return at.failure(client.client(Service).run(1));
  },
  noReply: async (at) => {
    await at.serve(never);
    return at.failure((await at.client()).client(Service).run(1));
  },
  gaveUp: async (at) => {
    await at.serve(never);
    const client = await at.client();
    const controller = new AbortController();
    const aborted = at.failure(client.client(Service).run(1, { signal: controller.signal }));
    const closed = at.failure(client.client(Service).run(1));
    await turns(10);
    controller.abort();
    await client.close();
    return [await aborted, await closed];
  },
  mayHaveRun: async (at) => {
    const system = await at.serve(() => {
      at.broker.crash(system.instance);
      return never();
    });
    const call = (await at.client()).client(Service, { timeoutMs: 60_000 }).run(1);
    await turns(10);
    await at.serve();
    return at.failure(call);
  },
  refusedSuspect: async (at) => {
    const More = defineService("test.Outcomes", { ...Service.methods, more: method<unknown, unknown>() });
    const system = await at.system();
    const dies = () => {
      at.broker.crash(system.instance);
      return never();
    };
    await system.serve(More, { run: dies, again: dies, counted: dies, wait: dies, more: dies });
    const call = (await at.client()).client(More, { timeoutMs: 60_000 }).more(1);
    await turns(10);
    await at.serve();
    return at.failure(call);
  },
} satisfies Readonly<Partial<Record<OutcomeName, Produce>>>;
