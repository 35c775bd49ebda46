import assert from "node:assert/strict";
import { ScriptedProxy } from "../../../../fault/scripted_proxy.ts";
import { HastyClock, startGrpc, textMessage } from "../../../../helpers/grpc_stage.ts";
import { until } from "../../../../helpers/settled.ts";

const TOPIC = "T";
/** Long enough to tell a second look from the end of a receive. */
const POLL_MS = 5_000;

/** A member of a group that has received one message, and the proxy that holds its next receive. */
async function afterOne(
  run: (
    send: (text: string) => Promise<unknown>,
    proxy: ScriptedProxy,
    texts: () => readonly string[],
  ) => Promise<
    void
  >,
): Promise<void> {
  await using proxy = await ScriptedProxy.start();
  const clock = new HastyClock();
  await using started = await startGrpc({ endpoints: proxy.endpoint, pollMs: POLL_MS }, clock);
  // A second look is taken late enough for what has to be done before it.
  clock.pace(0.1);
  const { transport, heard } = started;
  const texts = () => heard.map(({ body }) => new TextDecoder().decode(body));
  const send = (text: string) => transport.sendTo(transport.addresses.reply, textMessage(TOPIC, text));
  await send("1");
  await until(() => heard.length === 1);
  await run(send, proxy, texts);
}

Deno.test("ReceiveLoop finds what arrived while the broker began to hold its receive", async () => {
  await afterOne(async (send, proxy, texts) => {
    await until(() => proxy.held("rpc-replies") === 1);
    proxy.script = { deaf: true };
    const since = performance.now();
    await send("2");
    await until(() => texts().length === 2);
    assert.ok(performance.now() - since < POLL_MS / 2, "it was left there until the receive ended");
  });
});

Deno.test("ReceiveLoop finds what arrived while the broker began to hold its first receive", async () => {
  await using proxy = await ScriptedProxy.start({ deaf: true });
  const since = performance.now();
  // It begins with a reply to itself, which is sent once a receive has been begun.
  await using _started = await startGrpc({ endpoints: proxy.endpoint, pollMs: POLL_MS });
  assert.ok(performance.now() - since < POLL_MS / 2, "it was left there until the receive ended");
});

Deno.test("ReceiveLoop holds two receives at most, and one where nothing comes", async () => {
  await afterOne(async (send, proxy, texts) => {
    const held = () => proxy.held("rpc-replies");
    await until(() => held() === 2);
    await send("2");
    await until(() => texts().length === 2 && held() >= 1);
    for (const text of ["3", "4", "5"]) await send(text);
    await until(() => texts().length === 5);
    const before = proxy.count("receive");
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(proxy.count("receive") - before <= 2);
    assert.ok(held() <= 2, `${held()} are held`);
  });
});
