import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { actor } from "../../../actors/actor.ts";
import { createSystem } from "../../../actors/system.ts";
import type { HandlerInterceptor } from "../../../src/call/interceptor.ts";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { embedded } from "../../../src/transport/embedded/mod.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { assertFails, turns } from "../../helpers/settled.ts";

const Service = defineService("test.Service", {
  run: method<string, string>({ idempotent: true }),
  act: method<string, string>({ idempotent: true }),
});
const Account = defineEntity("test.Account", { run: method<string, string>({ idempotent: true }) });

/** Notes where it stands, and changes the input. */
function noting(name: string, seen: string[]): HandlerInterceptor {
  return async (call, next) => {
    seen.push(`${name} ${call.contract} ${call.method} ${call.input} ${call.context.attempt}`);
    const answer = await next({ ...call, input: `${call.input}${name}` });
    return `${answer}${name}`;
  };
}

Deno.test("Run goes through the interceptors of the system, then of the service, around functions, actors and entities", async () => {
  const seen: string[] = [];
  await using system = await createSystem({
    name: "test",
    transport: embedded(),
    handlerInterceptors: [noting("1", seen)],
  });
  const options = { interceptors: [noting("2", seen), noting("3", seen)] };
  await system.serve(
    Service,
    { run: (input) => `(${input})`, act: actor(() => (input) => `[${input}]`) },
    options,
  );
  await system.serve(Account, () => ({ run: (input) => `<${input}>` }), options);
  const { run, act } = system.client(Service);
  assert.deepEqual([await run("x"), await act("y"), await system.client(Account).at("k").run("z")], [
    "(x123)321",
    "[y123]321",
    "<z123>321",
  ]);
  assert.deepEqual(seen.slice(0, 3), [
    "1 test.Service run x 1",
    "2 test.Service run x1 1",
    "3 test.Service run x12 1",
  ]);
});

Deno.test("Run takes what an interceptor throws as if the handler had", async () => {
  let attempts = 0;
  const guard: HandlerInterceptor = (call, next) => {
    if (call.input === "nobody") throw new RpcError("unauthenticated", "Who are you?");
    if (call.input === "flaky" && ++attempts < 3) throw new Error("crash");
    return next(call);
  };
  await using system = await createSystem({ name: "test", transport: embedded() });
  await system.serve(Service, { run: (input) => input, act: (input) => input }, { interceptors: [guard] });
  const { run } = system.client(Service);
  await assertFails(run("nobody"), "unauthenticated", "replied");
  assert.deepEqual([await run("flaky"), attempts], ["flaky", 3]);
});

Deno.test("Run is not begun with interceptors that are no functions: the service is refused", async () => {
  await using system = await createSystem({ name: "test", transport: embedded() });
  const wrong: unknown = { interceptors: ["text"] };
  await assert.rejects(
    Reflect.apply(system.serve, system, [Service, { run: () => "", act: () => "" }, wrong]),
    {
      name: "TypeError",
      message: /each must be a function/,
    },
  );
});

Deno.test("Run takes the error of a Node API that was given the call's signal for the signal's reason: no crash", async () => {
  const clock = new ManualClock();
  await using system = await createSystem({ name: "test", transport: embedded(), clock });
  let made = 0;
  await system.serve(Account, () => {
    made++;
    return {
      run: async (input, { signal }) => {
        if (input === "own") throw new DOMException("Mine", "AbortError");
        // It rejects with an AbortError of its own, whose cause is the reason.
        if (input === "wait") await sleep(60_000, undefined, { signal });
        return `${input} ${made}`;
      },
    };
  });
  const { run } = system.client(Account).at("k");
  assert.equal(await run("first"), "first 1");
  const late = assertFails(run("wait", { timeoutMs: 30 }), "deadline_exceeded", "replied");
  await turns(5);
  clock.advance(30);
  await late;
  const given = new AbortController();
  const cancelled = run("wait", { signal: given.signal });
  assert.equal(await Promise.race([cancelled.catch(() => "over"), sleep(20, "runs")]), "runs");
  given.abort();
  await assertFails(cancelled, "cancelled", "sent_unknown");
  assert.equal(await run("then"), "then 1");
  assert.equal(system.services()[0]?.deadLetters, 0);
  // Whatever else is called so is a crash as ever.
  const crashed = assertFails(run("own"), "internal", "replied");
  // It is tried again after a pause.
  for (let tenths = 0; tenths < 40; tenths++) {
    await turns();
    clock.advance(100);
  }
  await crashed;
  assert.ok(made > 1);
});
