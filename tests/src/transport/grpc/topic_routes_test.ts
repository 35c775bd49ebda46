import assert from "node:assert/strict";
import { ProxyError } from "../../../../src/transport/grpc/client/error.ts";
import type { Route } from "../../../../src/transport/grpc/client/routes.ts";
import { TopicRoutes } from "../../../../src/transport/grpc/topic_routes.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { turns } from "../../../helpers/settled.ts";

const ROUTE: Route = {
  topic: "T",
  brokers: ["broker-a"],
  queues: 2,
  writable: true,
  normal: true,
  fifo: false,
  types: ["NORMAL"],
};

class Fixture {
  readonly clock = new ManualClock();
  looks = 0;
  look: () => Promise<Route> = () => Promise.resolve({ ...ROUTE });
  readonly routes = new TopicRoutes(() => (this.looks++, this.look()), this.clock);
}

Deno.test("TopicRoutes looks once for all who ask, and hands out the same lists until the route changes", async () => {
  const at = new Fixture();
  const [one, other] = await Promise.all([at.routes.of("T"), at.routes.of("T")]);
  assert.equal(at.looks, 1);
  assert.equal(one, other);
  assert.deepEqual(one.queues.map(({ id }) => id), [0, 1]);
  assert.equal(one.plan.queues, one.queues);
  assert.equal(await at.routes.of("T", { fresh: true }), one, "nothing has changed");
  at.look = () => Promise.resolve({ ...ROUTE, queues: 3 });
  assert.equal((await at.routes.of("T", { fresh: true })).queues.length, 3);
});

Deno.test("TopicRoutes looks again in the background while a topic is used, and keeps what it knows when that fails", async () => {
  const at = new Fixture();
  const known = await at.routes.of("T");
  at.look = () => Promise.reject(new ProxyError("refused", "x", { code: 40_402 }));
  at.clock.advance(31_000);
  assert.equal(await at.routes.of("T"), known);
  await turns();
  assert.equal(at.looks, 2);
  assert.equal(await at.routes.of("T"), known);
  at.routes.suspect("T");
  assert.equal(await at.routes.of("T"), known);
  assert.equal(at.looks, 2, "it was looked up just now");
  at.clock.advance(1_000);
  at.routes.suspect("T");
  at.look = () => Promise.resolve({ ...ROUTE, queues: 5 });
  assert.equal(await at.routes.of("T"), known);
  await turns();
  assert.equal((await at.routes.of("T")).queues.length, 5);
});

Deno.test("TopicRoutes keeps what a topic takes while the proxy cannot tell, and what else it says", async () => {
  const at = new Fixture();
  at.look = () => Promise.resolve({ ...ROUTE, normal: false, fifo: true, types: ["FIFO"] });
  await at.routes.of("T");
  at.look = () =>
    Promise.resolve({ ...ROUTE, normal: false, fifo: false, types: [], brokers: ["broker-b"], queues: 3 });
  const { route } = await at.routes.of("T", { fresh: true });
  assert.deepEqual([route.fifo, route.normal, route.types], [true, false, ["FIFO"]]);
  assert.deepEqual([route.brokers, route.queues], [["broker-b"], 3]);
  at.look = () => Promise.resolve({ ...ROUTE });
  assert.deepEqual((await at.routes.of("T", { fresh: true })).route, ROUTE, "what it tells counts");
});

Deno.test("TopicRoutes remembers for a second that a topic is not there, and no other failure", async () => {
  const at = new Fixture();
  for (const [code, looks] of [[40_402, 1], [50_001, 2]] as const) {
    at.clock.advance(2_000);
    at.looks = 0;
    at.look = () => Promise.reject(new ProxyError("refused", "x", { code }));
    await assert.rejects(at.routes.of("T"), ProxyError);
    await assert.rejects(at.routes.of("T"), ProxyError);
    assert.equal(at.looks, looks, String(code));
  }
  at.look = () => Promise.resolve({ ...ROUTE });
  assert.equal((await at.routes.of("T")).queues.length, 2);
});

Deno.test("TopicRoutes ends the wait at the signal, not the look", async () => {
  const at = new Fixture();
  const { promise, resolve } = Promise.withResolvers<Route>();
  at.look = () => promise;
  const controller = new AbortController();
  const waiting = at.routes.of("T", { signal: controller.signal });
  const reason = new TypeError("enough");
  controller.abort(reason);
  await assert.rejects(waiting, (error) => error === reason);
  resolve({ ...ROUTE });
  assert.equal((await at.routes.of("T")).queues.length, 2);
  assert.equal(at.looks, 1);
});
