import assert from "node:assert/strict";
import { EVENTS } from "../../../../src/log/events.ts";
import { RocketMqClient } from "../../../../src/rocketmq/client/client.ts";
import { RequestCode } from "../../../../src/rocketmq/remote/codes.ts";
import { QueuePlans } from "../../../../src/transport/remoting/queue_plans.ts";
import { ScriptedNameServer } from "../../../fault/scripted_name_server.ts";
import { eventsOf, recordLogs } from "../../../helpers/logs.ts";
import { assertFails, until } from "../../../helpers/settled.ts";
import { ShiftedClock } from "../../../helpers/shifted_clock.ts";

const KEY = "ROCKET_ACTORS_PLAN/T";
const SIXTEEN = '{"number":1,"slots":4,"brokers":{"a":2,"b":2}}';

function planOf(number: number, a: number): string {
  return JSON.stringify({ number, slots: 4, brokers: { a } });
}

/** Name servers that know topic T at two brokers, and what one instance makes of them. */
class Fixture implements AsyncDisposable {
  readonly clock = new ShiftedClock();
  readonly servers: readonly ScriptedNameServer[];
  readonly client: RocketMqClient;
  readonly plans: QueuePlans;

  constructor(count = 1, requestTimeoutMs?: number) {
    this.servers = Array.from({ length: count }, () => new ScriptedNameServer());
    const brokers = ["b", "a"].map((name) => ({ name, address: "127.0.0.1:1", queues: 2 }));
    for (const server of this.servers) server.topics.set("T", brokers);
    const nameServers = this.servers.map(({ address }) => address).join(";");
    const { clock } = this;
    this.client = new RocketMqClient({
      nameServers,
      clientId: "c",
      clock,
      random: () => 0,
      requestTimeoutMs,
    });
    this.plans = new QueuePlans(this.client);
  }

  get server(): ScriptedNameServer {
    return this.servers[0] ?? assert.fail();
  }

  async look(fresh = false): Promise<readonly [number: number, queues: string]> {
    const { number, queues } = await this.plans.get(await this.client.route("T"), { fresh });
    return [number, queues.map(({ broker, id }) => `${broker}${id}`).join(" ")];
  }

  get held(): readonly (string | undefined)[] {
    return this.servers.map(({ values }) => values.get(KEY));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    for (const server of this.servers) await server[Symbol.asyncDispose]();
  }
}

Deno.test("QueuePlans declares the plan of a topic that has none, on every name server, by its route", async () => {
  await using at = new Fixture(2);
  await at.plans.declare("T", 4, {});
  assert.deepEqual(at.held, [SIXTEEN, SIXTEEN]);
  assert.deepEqual(await at.look(), [1, "a0 a1 b0 b1"]);
  assert.equal(at.server.count(RequestCode.GET_KV_CONFIG), 2, "what was declared is known, as it is kept");
});

Deno.test("QueuePlans waits for masters that the topic may yet come to, before it declares a first plan", async () => {
  await using at = new Fixture();
  const [b, a] = at.server.topics.get("T") ?? [];
  assert.ok(a !== undefined && b !== undefined);
  at.server.brokers = [a, b];
  at.server.topics.set("T", [a]);
  const declaring = at.plans.declare("T", 4, {});
  await until(() => at.server.count(RequestCode.GET_ROUTEINFO_BY_TOPIC) > 1);
  assert.deepEqual(at.held, [undefined]);
  at.server.topics.set("T", [a, b]);
  await declaring;
  assert.deepEqual(at.held, [SIXTEEN]);
});

Deno.test("QueuePlans declares the plan for those that there are, where a master does not get the topic", async () => {
  await using at = new Fixture();
  at.server.brokers = [...(at.server.topics.get("T") ?? []), {
    name: "c",
    address: "127.0.0.1:1",
    queues: 2,
  }];
  await at.plans.declare("T", 4, {});
  assert.deepEqual(at.held, [SIXTEEN]);
});

Deno.test("QueuePlans takes what is kept, where two have declared at the same time", async () => {
  await using at = new Fixture();
  const other = '{"number":1,"slots":4,"brokers":{"a":2}}';
  const { values } = at.server;
  const set = values.set.bind(values);
  values.set = (key) => set(key, other);
  await at.plans.declare("T", 4, {});
  assert.deepEqual(await at.look(), [1, "a0 a1"]);
  set(KEY, SIXTEEN);
  assert.deepEqual(await at.look(true), [1, "a0 a1 b0 b1"]);
});

Deno.test("QueuePlans declares nothing over a plan, and brings name servers up to date that lack it", async () => {
  await using at = new Fixture(3);
  at.servers[1]?.values.set(KEY, planOf(7, 3));
  at.servers[2]?.values.set(KEY, planOf(6, 1));
  await at.plans.declare("T", 4, {});
  assert.deepEqual(at.held, [planOf(7, 3), planOf(7, 3), planOf(7, 3)]);
  assert.deepEqual(await at.look(), [7, "a0 a1 a2"]);
  const puts = at.servers.map((server) => server.count(RequestCode.PUT_KV_CONFIG));
  assert.deepEqual(puts, [1, 0, 1]);
});

Deno.test("QueuePlans declares a first plan where name servers tell that there is none, and leaves those alone that do not", async () => {
  await using at = new Fixture(2);
  at.servers[1]?.instead.set(RequestCode.GET_KV_CONFIG, { code: 14 });
  at.servers[1]?.values.set(KEY, planOf(5, 1));
  await at.plans.declare("T", 4, {});
  assert.deepEqual(at.held, [SIXTEEN, planOf(5, 1)]);
  assert.deepEqual(await at.look(), [1, "a0 a1 b0 b1"]);
  at.servers[1]?.instead.clear();
  assert.deepEqual(await at.look(true), [5, "a0"]);
  await at.plans.declare("T", 4, {});
  assert.deepEqual(at.held, [planOf(5, 1), planOf(5, 1)]);
});

Deno.test("QueuePlans declares nothing where no name server tells", async () => {
  await using at = new Fixture(2);
  for (const server of at.servers) server.instead.set(RequestCode.GET_KV_CONFIG, { code: 14 });
  await at.plans.declare("T", 4, {});
  assert.deepEqual(at.held, [undefined, undefined]);
  assert.deepEqual(await at.look(), [0, "a0 a1 b0 b1"]);
});

Deno.test("QueuePlans refuses to declare for another number of slots, and over what is no plan", async () => {
  await using at = new Fixture();
  at.server.values.set(KEY, SIXTEEN);
  const other = await assertFails(at.plans.declare("T", 2, {}), "failed_precondition", "not_sent");
  assert.match(other.message, /its queue plan is for 'slots' 4, and the contract says 2/);
  at.server.values.set(KEY, "{}");
  const unreadable = await assertFails(at.plans.declare("T", 2, {}), "failed_precondition", "not_sent");
  assert.match(unreadable.message, /'brokers' must be an object.* mqadmin updateKvConfig .* -k 'T'/);
  assert.deepEqual(at.held, ["{}"]);
});

Deno.test("QueuePlans follows the route where it may not declare or read, and says so once", async () => {
  await using at = new Fixture();
  const refused = { code: 16, remark: "not allowed" };
  at.server.instead.set(RequestCode.PUT_KV_CONFIG, refused);
  const logs = await recordLogs(async () => {
    await at.plans.declare("T", 4, {});
    assert.deepEqual(await at.look(), [0, "a0 a1 b0 b1"]);
    at.server.instead.set(RequestCode.GET_KV_CONFIG, refused);
    assert.deepEqual(await at.look(true), [0, "a0 a1 b0 b1"]);
  });
  assert.deepEqual(eventsOf(logs).filter((event) => event === EVENTS.transport.planDerived).length, 1);
});

Deno.test("QueuePlans takes the highest number of all name servers, and never goes back", async () => {
  await using at = new Fixture(2);
  at.servers[0]?.values.set(KEY, planOf(2, 1));
  at.servers[1]?.values.set(KEY, planOf(3, 2));
  assert.deepEqual(await at.look(), [3, "a0 a1"]);
  for (const { values } of at.servers) values.set(KEY, planOf(1, 4));
  assert.deepEqual(await at.look(true), [3, "a0 a1"]);
  for (const { values } of at.servers) values.clear();
  assert.deepEqual(await at.look(true), [3, "a0 a1"]);
  at.servers[0]?.values.set(KEY, "damaged");
  at.servers[1]?.values.set(KEY, planOf(4, 1));
  assert.deepEqual(await at.look(true), [4, "a0"]);
});

Deno.test("QueuePlans does not wait for a name server that is silent, once another has told", async () => {
  // Far longer than a slow machine takes for all the rest.
  await using at = new Fixture(2, 60_000);
  at.servers[0]?.instead.set(RequestCode.GET_KV_CONFIG, undefined);
  at.servers[1]?.values.set(KEY, planOf(2, 1));
  const since = performance.now();
  assert.deepEqual(await at.look(), [2, "a0"]);
  assert.ok(performance.now() - since < 20_000);
});

Deno.test("QueuePlans gives what is known at once, and looks again after 30 s, for the next to use", async () => {
  await using at = new Fixture();
  at.server.values.set(KEY, planOf(1, 1));
  assert.deepEqual(await at.look(), [1, "a0"]);
  at.server.values.set(KEY, planOf(2, 2));
  at.clock.shiftMs += 29_000;
  const route = await at.client.route("T");
  assert.equal((await at.plans.get(route, {})).number, 1);
  at.clock.shiftMs += 1_000;
  const known = at.plans.get(route, {});
  assert.ok(!(known instanceof Promise) && known.number === 1);
  await until(() => at.server.count(RequestCode.GET_KV_CONFIG) === 2);
  await at.look(true);
  assert.deepEqual(await at.look(), [2, "a0 a1"]);
});

Deno.test("QueuePlans shares looks: who asks anew gets what was asked for after it came, and no more than one waits", async () => {
  await using at = new Fixture();
  at.server.values.set(KEY, planOf(1, 1));
  const looks = Array.from({ length: 10 }, () => at.look(true));
  await Promise.all(looks);
  assert.equal(at.server.count(RequestCode.GET_KV_CONFIG), 2);
  at.server.values.set(KEY, planOf(2, 1));
  assert.deepEqual(await at.look(true), [2, "a0"]);
});
