import assert from "node:assert/strict";
import { createSystem, type System } from "../../actors/system.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import { defineEntity } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { embedded } from "../../src/transport/embedded/mod.ts";
import { turns } from "../helpers/settled.ts";
import { BankFixture, Learnt } from "./bank_fixture.ts";

const Account = defineEntity("crash.Bank", { pay: method<string, string>() });

Deno.test("a call that was refused, sent again, and whose instance then dies is not run twice", async () => {
  await using at = new BankFixture();
  const runs: string[] = [];
  const serve = async (make: () => { pay(input: string): string | Promise<string> }): Promise<System> => {
    const system = await createSystem({ name: "bank", transport: embedded(at.broker), clock: at.clock });
    await system.serve(Account, make);
    return system;
  };
  const gate = createDeferred<string>();
  let tries = 0;
  const first = await serve(() => {
    // The refusal is stored as a reply under the call's id.
    if (tries++ === 0) throw new RpcError("unavailable", "The state cannot be read now");
    return {
      pay: (input) => {
        runs.push(input);
        at.broker.crash(first.instance);
        return gate.promise;
      },
    };
  });
  const call = new Learnt((await at.client()).client(Account, { timeoutMs: 60_000 }).at("acc-1").pay("a"));
  await turns(10);
  await at.pass(2_000);
  assert.deepEqual([tries, runs], [2, ["a"]]);
  const second = await serve(() => ({ pay: (input) => String(runs.push(input)) }));
  await at.pass(20_000);
  gate.resolve("too late");
  await first.close();
  await second.close();
  assert.deepEqual([call.answer, runs], ["internal / sent_unknown", ["a"]]);
  assert.deepEqual(at.deadLetters, ["may have run; attempts: 1"]);
});
