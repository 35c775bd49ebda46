import { CODES } from "../../src/errors/code.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { turns } from "../helpers/settled.ts";
import { type Produce, Service } from "./outcome_stage.ts";
import type { OutcomeName } from "./outcomes.ts";

/** How calls fail that ran. */
export const RAN = {
  answerLost: async (at) => {
    await at.serve((input) => input === "odd" ? Symbol("not JSON") : "not a number");
    const client = (await at.client()).client(Service);
    return [await at.failure(client.run("odd")), await at.failure(client.counted())];
  },
  tooLate: async (at) => {
    let answer: (value: string) => void = () => {};
    await at.serve(() => new Promise((resolve) => answer = resolve));
    const call = (await at.client()).client(Service).run(1, { timeoutMs: 1_000 });
    await turns(10);
    at.clock.advance(1_100);
    answer("late");
    return at.failure(call);
  },
  answered: async (at) => {
    await at.serve((input) => {
      const code = CODES.find((known) => known === input);
      throw new RpcError(code ?? "internal", "No");
    });
    const { run } = (await at.client()).client(Service);
    return Promise.all(CODES.map((code) => at.failure(run(code))));
  },
  crashed: async (at) => {
    await at.serve(() => {
      throw new Error("boom");
    });
    const client = (await at.client()).client(Service);
    return [await at.failure(client.run(1)), await at.failure(client.again(1))];
  },
  retriedInVain: async (at) => {
    await at.serve((_, context) => {
      throw context.retryAfter(100);
    });
    return at.failure((await at.client()).client(Service).run(1));
  },
} satisfies Readonly<Partial<Record<OutcomeName, Produce>>>;
