import assert from "node:assert/strict";
import fc from "fast-check";
import { parseTolerantJson, type TolerantJson } from "../../../../src/rocketmq/client/tolerant_json.ts";
import { masterAddresses, parseClusterInfo } from "../../../../src/rocketmq/client/cluster.ts";

function plain(value: TolerantJson): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]));
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

Deno.test("parseTolerantJson() takes unquoted numbers as keys", () => {
  assert.deepEqual(
    parseTolerantJson('{0:"a", -1 : "b","c":1}'),
    new Map<string, TolerantJson>([["0", "a"], ["-1", "b"], ["c", 1]]),
  );
});

Deno.test("parseTolerantJson() takes objects as keys", () => {
  const parsed = parseTolerantJson('{{"brokerName":"b","queueId":0}:{"minOffset":5}}');
  assert.ok(parsed instanceof Map);
  const [[key, value] = []] = [...parsed];
  assert.deepEqual(key, new Map<string, TolerantJson>([["brokerName", "b"], ["queueId", 0]]));
  assert.deepEqual(value, new Map([["minOffset", 5]]));
});

Deno.test("parseTolerantJson() agrees with JSON.parse on JSON", () => {
  fc.assert(fc.property(fc.json({ maxDepth: 5 }), (text) => {
    // -0 is written as 0 by the one and kept by the other.
    assert.equal(JSON.stringify(plain(parseTolerantJson(text))), JSON.stringify(JSON.parse(text)));
  }));
});

Deno.test("parseTolerantJson() refuses what is neither", () => {
  for (
    const text of [
      "",
      "{",
      "[1,]",
      "{1}",
      "{a:1}",
      "[1 2]",
      '"a',
      "01",
      "1.",
      "nul",
      "{}{}",
      "[",
      '{"a":}',
      "'a'",
    ]
  ) {
    assert.throws(() => parseTolerantJson(text), SyntaxError, text);
  }
});

Deno.test("parseTolerantJson() bounds how deep it goes", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  assert.ok(parseTolerantJson(nested(32)));
  assert.throws(() => parseTolerantJson(nested(33)), /nested too deep/);
  assert.throws(() => parseTolerantJson("{".repeat(1_000_000)), SyntaxError);
});

Deno.test("parseClusterInfo() reads what name servers write", () => {
  const info = parseClusterInfo(
    '{"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"127.0.0.1:10911",1:"127.0.0.1:10921"},"brokerName":"broker-a",' +
      '"cluster":"C","enableActingMaster":false},"broker-b":{"brokerAddrs":{1:"127.0.0.1:10931"},"brokerName":' +
      '"broker-b","cluster":"D","enableActingMaster":false}},"clusterAddrTable":{"C":["broker-a"],"D":["broker-b"]}}',
  );
  assert.deepEqual([...masterAddresses(info)], [["broker-a", "127.0.0.1:10911"]]);
  assert.deepEqual([...masterAddresses(info, "D")], []);
  assert.equal(info.brokers.get("broker-a")?.addresses.get(1), "127.0.0.1:10921");
  assert.throws(() => parseClusterInfo("[]"), TypeError);
});
