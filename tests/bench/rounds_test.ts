import assert from "node:assert/strict";
import type { PeerName } from "../../bench/broker/peers/peers.ts";
import { type NamedPair, runRounds } from "../../bench/broker/rounds.ts";
import { settingsFrom } from "../../bench/broker/settings.ts";
import { Program } from "../../tests/interop/program.ts";

const WINDOW = { calls: 10, failed: 0, seconds: 1, p50Ms: 1, p99Ms: 2, p999Ms: 3, lateP99Ms: 0 };

/** A requester that says what it was asked for in place of an error; one that breaks does so at its second window. */
function requester(breaks: boolean): Program {
  const end = JSON.stringify({ event: "end", ...WINDOW });
  const script = `
    windows=0
    while read -r command; do
      windows=$((windows + 1))
      if [ "${breaks}" = true ] && [ $windows = 2 ]; then echo broken >&2; exit 1; fi
      echo '{"event":"start"}'; echo '{"event":"stop"}'
      echo '${end.slice(0, -1)},"anError":"'"$command"'"}'
    done`;
  return new Program({ name: "requester", command: "sh", args: ["-c", script] });
}

function pair(name: PeerName, breaks: boolean, stack: AsyncDisposableStack): NamedPair {
  return { name, pair: { requester: stack.use(requester(breaks)), responders: [], serverPids: [] } };
}

Deno.test("runRounds() lets peers take turns, leaves round 0 out, and goes on without one that breaks down", async () => {
  await using stack = new AsyncDisposableStack();
  const peers = {
    pairs: [pair("ours", false, stack), pair("java", true, stack)],
    leftOut: [],
    brokeDown: [] as PeerName[],
  };
  const flags = "--in-flight 1,8 --body 128,256 --warm-up 1 --seconds 0.5 --rounds 2".split(" ");
  const said: string[] = [];
  const found = await runRounds(peers, settingsFrom(flags), (line) => said.push(line));
  assert.deepEqual(found.map(({ name, rounds }) => [name, rounds.map(({ window }) => window.anError)]), [
    ["ours", Array(2).fill("closed 1 128 1000 500")],
    ["ours", Array(2).fill("closed 8 128 1000 500")],
    ["ours", Array(2).fill("closed 1 256 1000 500")],
    ["ours", Array(2).fill("closed 8 256 1000 500")],
  ]);
  assert.deepEqual(peers.brokeDown, ["java"]);
  assert.equal(peers.leftOut.length, 1);
  assert.match(
    said.slice(0, 4).join("\n"),
    /ours, 128.*\n.*java, 128.*\n.*ours, .* 8 in flight.*\n.*java, .* from there on/,
  );
});
