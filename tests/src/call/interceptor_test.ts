import assert from "node:assert/strict";
import type { Call, Invoke } from "../../../src/call/call.ts";
import {
  type CallInterceptor,
  type HandledCall,
  type HandlerInterceptor,
  interceptCalls,
  interceptHandler,
} from "../../../src/call/interceptor.ts";
import type { HandlerContext } from "../../../src/call/handler.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { assertFails, turns } from "../../helpers/settled.ts";

const contract = defineService("test.Service", { run: method<unknown, unknown>() });
const CALL: Call = {
  contract,
  method: "run",
  kind: "call",
  settings: contract.methods.run.settings,
  key: undefined,
  input: 1,
  options: {},
};

/** What went onto the wire. */
class Wire {
  readonly calls: Call[] = [];
  onCall: (call: Call) => Promise<unknown> = ({ input }) => Promise.resolve(input);

  invoke(...interceptors: readonly CallInterceptor[]): Invoke {
    return interceptCalls((call) => {
      this.calls.push(call);
      return this.onCall(call);
    }, interceptors);
  }
}

Deno.test("interceptCalls() is the call itself where there are no interceptors", () => {
  const invoke: Invoke = () => Promise.resolve();
  assert.equal(interceptCalls(invoke, []), invoke);
});

Deno.test("interceptCalls() runs the first as the outermost, each once per call", async () => {
  const order: string[] = [];
  const named = (name: string): CallInterceptor => async (call, next) => {
    order.push(`${name} in`);
    const output = await next(call);
    order.push(`${name} out`);
    return `${name}(${output})`;
  };
  const wire = new Wire();
  assert.equal(await wire.invoke(named("a"), named("b"))(CALL), "a(b(1))");
  assert.deepEqual(order, ["a in", "b in", "b out", "a out"]);
});

Deno.test("interceptCalls() passes a changed call on: input, headers, timeout", async () => {
  const wire = new Wire();
  const invoke = wire.invoke(
    (call, next) => next({ ...call, input: 2, options: { ...call.options, headers: { tenant: "t1" } } }),
    async (call, next) => {
      await turns(1);
      return next({ ...call, options: { ...call.options, timeoutMs: 50 } });
    },
  );
  assert.equal(await invoke(CALL), 2);
  assert.deepEqual(wire.calls.map(({ options }) => options), [{ headers: { tenant: "t1" }, timeoutMs: 50 }]);
  assert.deepEqual(CALL.options, {});
});

Deno.test("interceptCalls() lets an interceptor answer without sending, at once or later", async () => {
  const wire = new Wire();
  assert.equal(await wire.invoke(() => "cached")(CALL), "cached");
  assert.equal(await wire.invoke(() => Promise.resolve(undefined))(CALL), undefined);
  assert.deepEqual(wire.calls, []);
});

Deno.test("interceptCalls() says not_sent of a call that an interceptor refused before it went on", async () => {
  const wire = new Wire();
  const refusals: readonly (readonly [CallInterceptor, RpcError["code"]])[] = [
    [() => Promise.reject(new RpcError("unauthenticated", "Who are you?")), "unauthenticated"],
    [
      () => Promise.reject(new RpcError("unavailable", "No token", { outcome: "sent_unknown" })),
      "unavailable",
    ],
    [() => {
      throw new TypeError("A bug");
    }, "unknown"],
  ];
  for (const [interceptor, code] of refusals) {
    const failure = await assertFails(
      wire.invoke((call, next) => next(call), interceptor)(CALL),
      code,
      "not_sent",
    );
    assert.ok(failure.cause instanceof Error);
  }
  const mine = new RpcError("aborted", "Mine", { outcome: "not_sent" });
  await assert.rejects(wire.invoke(() => Promise.reject(mine))(CALL), (error) => error === mine);
  assert.deepEqual(wire.calls, []);
});

Deno.test("interceptCalls() keeps name and details of a declared error that refuses a call", async () => {
  const declared = { contract: "test.Service", error: "Short" };
  const refusal = new RpcError("failed_precondition", "Short", { declared, details: { missing: 5 } });
  const failure = await assertFails(
    new Wire().invoke(() => Promise.reject(refusal))(CALL),
    "failed_precondition",
    "not_sent",
  );
  assert.ok(failure.is({ name: "test.Service" }, "Short" as never));
  assert.deepEqual(failure.details, { missing: 5 });
});

Deno.test("interceptCalls() takes a failure after the call went on as it is, and makes anything else one", async () => {
  const wire = new Wire();
  const answered = new RpcError("not_found", "No account", { outcome: "replied", callId: "c1" });
  wire.onCall = () => Promise.reject(answered);
  await assert.rejects(wire.invoke((call, next) => next(call))(CALL), (error) => error === answered);
  const bug: CallInterceptor = async (call, next) => {
    await next(call).catch(() => {});
    throw new TypeError("A bug");
  };
  await assertFails(wire.invoke(bug)(CALL), "unknown", "sent_unknown");
});

Deno.test("interceptCalls() makes a call of its own each time an interceptor goes on", async () => {
  const wire = new Wire();
  wire.onCall = () =>
    wire.calls.length === 1 ? Promise.reject(new RpcError("unavailable", "Down")) : Promise.resolve("second");
  const invoke = wire.invoke((call, next) => next(call).catch(() => next(call)));
  assert.equal(await invoke(CALL), "second");
  assert.equal(wire.calls.length, 2);
});

Deno.test("interceptCalls() and interceptHandler() refuse what is no function", () => {
  for (const wrong of [undefined, {}, "log"]) {
    // Programs without types pass anything.
    const interceptors = [wrong] as unknown as [];
    assert.throws(
      () => interceptCalls(() => Promise.resolve(), interceptors),
      /each must be a function: one is/,
    );
    assert.throws(() => interceptHandler("a", "b", () => {}, interceptors), /each must be a function/);
  }
});

// The context is passed on untouched: an empty one will do.
const CONTEXT = {} as HandlerContext;

Deno.test("interceptHandler() is the handler itself where there are no interceptors", () => {
  const handler = () => 1;
  assert.equal(interceptHandler("test.Service", "run", handler, []), handler);
});

Deno.test("interceptHandler() runs the first as the outermost, sees the call, and may change its input", async () => {
  const seen: HandledCall[] = [];
  const outer: HandlerInterceptor = async (call, next) => {
    seen.push(call);
    return `outer(${await next(call)})`;
  };
  const inner: HandlerInterceptor = (call, next) => next({ ...call, input: "changed" });
  const handler = interceptHandler("test.Service", "run", (input, context) => {
    assert.equal(context, CONTEXT);
    return `handler(${input})`;
  }, [outer, inner]);
  assert.equal(await handler("input", CONTEXT), "outer(handler(changed))");
  assert.deepEqual(seen, [{ contract: "test.Service", method: "run", input: "input", context: CONTEXT }]);
});

Deno.test("interceptHandler() lets an interceptor answer or refuse without the handler, and throws what it throws", async () => {
  const never = () => assert.fail("the handler must not run");
  assert.equal(await interceptHandler("a", "b", never, [() => "mine"])(1, CONTEXT), "mine");
  const refusal = new RpcError("permission_denied", "Not yours");
  for (const thrown of [refusal, new TypeError("A bug")]) {
    const handler = interceptHandler("a", "b", never, [() => {
      throw thrown;
    }]);
    await assert.rejects(async () => await handler(1, CONTEXT), (error) => error === thrown);
  }
  const crashing = interceptHandler("a", "b", () => {
    throw refusal;
  }, [(call, next) => next(call)]);
  await assert.rejects(async () => await crashing(1, CONTEXT), (error) => error === refusal);
});

Deno.test("interceptHandler() runs the handler once per attempt, however often an interceptor goes on", async () => {
  let runs = 0;
  const twice: HandlerInterceptor = async (call, next) => [await next(call), await next(call)];
  const handler = interceptHandler("test.Service", "run", () => ++runs, [twice]);
  await assert.rejects(async () => await handler(1, CONTEXT), /Cannot run "run" twice in one attempt/);
  assert.equal(runs, 1);
  const once = interceptHandler("test.Service", "run", () => ++runs, [(call, next) => next(call)]);
  assert.deepEqual([await once(1, CONTEXT), await once(1, CONTEXT)], [2, 3]);
});
