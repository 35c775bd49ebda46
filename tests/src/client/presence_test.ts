import assert from "node:assert/strict";
import { PresenceWatch } from "../../../src/client/presence.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

const contract = defineService("test.Service", { run: method() });

class Fixture {
  readonly clock = new ManualClock();
  readonly transport = new FakeTransport();
  readonly watch = new PresenceWatch(this.transport, this.clock, contract);

  members(...ours: readonly boolean[]): void {
    const members = ours.map((mine, index) => ({ clientId: String(index), ours: mine }));
    this.transport.onMembers = () => Promise.resolve(members);
  }

  /** The answer that is known now; `undefined` when a look has to come first. */
  now(): string | undefined {
    const presence = this.watch.ask();
    return presence instanceof Promise ? undefined : presence.kind;
  }

  /** Asks, and goes on asking until two looks have found nobody. */
  async absent(): Promise<void> {
    this.members();
    const answer = Promise.resolve(this.watch.ask());
    await turns();
    this.clock.advance(1_000);
    assert.equal((await answer).kind, "absent");
  }
}

Deno.test("PresenceWatch looks before its first answer, then knows at once", async () => {
  const at = new Fixture();
  at.members(true, true);
  assert.deepEqual(await at.watch.ask(), { kind: "present", packs: true });
  assert.deepEqual(at.watch.ask(), { kind: "present", packs: true });
  assert.equal(at.transport.looks, 1);
});

Deno.test("PresenceWatch says no packs as soon as one member is not ours", async () => {
  const at = new Fixture();
  at.members(true, false);
  assert.deepEqual(await at.watch.ask(), { kind: "present", packs: false });
});

Deno.test("PresenceWatch makes one look for all who ask meanwhile", async () => {
  const at = new Fixture();
  await Promise.all([at.watch.ask(), at.watch.ask(), at.watch.ask()]);
  assert.equal(at.transport.looks, 1);
});

Deno.test("PresenceWatch calls absent only what two looks one second apart found empty, then at once", async () => {
  const at = new Fixture();
  at.members();
  let answer: string | undefined;
  void Promise.resolve(at.watch.ask()).then(({ kind }) => answer = kind);
  await turns();
  at.clock.advance(999);
  await turns();
  assert.deepEqual([answer, at.transport.looks], [undefined, 1]);
  at.clock.advance(1);
  await turns();
  assert.deepEqual([answer, at.transport.looks], ["absent", 2]);
  assert.equal(at.now(), "absent");
  at.watch.close();
});

Deno.test("PresenceWatch takes a member at the second look for present", async () => {
  const at = new Fixture();
  at.members();
  const answer = Promise.resolve(at.watch.ask());
  await turns();
  at.members(true);
  at.clock.advance(1_000);
  assert.equal((await answer).kind, "present");
  assert.equal(at.clock.timers, 0);
});

Deno.test("PresenceWatch sees within a second that an absent service has come", async () => {
  const at = new Fixture();
  await at.absent();
  at.members(true);
  assert.equal(at.now(), "absent");
  at.clock.advance(1_000);
  await turns();
  assert.equal(at.now(), "present");
  assert.equal(at.clock.timers, 0);
});

Deno.test("PresenceWatch stops looking for an absent service when nobody asks, and looks again for the next", async () => {
  const at = new Fixture();
  await at.absent();
  for (let second = 0; second < 30; second++) {
    at.clock.advance(1_000);
    await turns(1);
  }
  assert.equal(at.clock.timers, 0);
  assert.ok(at.transport.looks <= 13, `${at.transport.looks} looks`);
  at.members(true);
  assert.equal(at.now(), undefined, "what was found long ago is not believed");
  await turns();
  assert.equal(at.now(), "present");
});

Deno.test("PresenceWatch knows nothing where looking fails, and asks again a second later", async () => {
  for (
    const members of [() => Promise.reject(new Error("down")), () => Promise.resolve("unknown" as const)]
  ) {
    const at = new Fixture();
    at.transport.onMembers = members;
    assert.equal((await at.watch.ask()).kind, "unknown");
    at.members(true);
    assert.equal(at.now(), "unknown");
    at.clock.advance(1_001);
    assert.equal(at.now(), "unknown");
    await turns();
    assert.equal(at.now(), "present");
  }
});

Deno.test("PresenceWatch looks again in good time while it is asked, so that nobody waits", async () => {
  const at = new Fixture();
  at.members(true);
  await at.watch.ask();
  for (let step = 0; step < 20; step++) {
    at.clock.advance(1_000);
    assert.equal(at.now(), "present");
    await turns(1);
  }
  assert.ok(at.transport.looks >= 4);
});

Deno.test("PresenceWatch believes no member that was seen more than five seconds ago", async () => {
  const at = new Fixture();
  at.members(true);
  await at.watch.ask();
  at.clock.advance(5_001);
  await at.absent();
  at.watch.close();
});

Deno.test("PresenceWatch close ends every look and lets go whoever waits", async () => {
  const at = new Fixture();
  at.members();
  const answer = Promise.resolve(at.watch.ask());
  await turns();
  at.watch.close();
  assert.equal((await answer).kind, "unknown");
  assert.deepEqual([at.clock.timers, at.transport.looks], [0, 1]);
  const idle = new Fixture();
  await idle.absent();
  idle.watch.close();
  assert.equal(idle.clock.timers, 0);
});

Deno.test("PresenceWatch believes that nobody can be there also of a transport that cannot tell who is", async () => {
  const at = new Fixture();
  at.transport.capabilities = { ...at.transport.capabilities, presence: false };
  at.transport.onMembers = () => Promise.resolve("unknown");
  assert.equal((await at.watch.ask()).kind, "unknown");
  await new Fixture().absent();
});

Deno.test("PresenceWatch answers by the first look whoever needs no certainty about absence", async () => {
  const at = new Fixture();
  at.members(true);
  assert.deepEqual(await at.watch.ask(false), { kind: "present", packs: true });
  const absent = new Fixture();
  absent.members();
  const sure = Promise.resolve(absent.watch.ask());
  assert.equal((await absent.watch.ask(false)).kind, "unknown");
  await turns();
  assert.equal((await absent.watch.ask(false)).kind, "unknown", "the second look is still to come");
  assert.ok(!absent.watch.idle);
  absent.clock.advance(1_000);
  assert.equal((await sure).kind, "absent");
  assert.equal((await absent.watch.ask(false)).kind, "absent");
  assert.equal(absent.transport.looks, 2);
  await turns();
  assert.ok(absent.watch.idle);
  absent.watch.close();
});
