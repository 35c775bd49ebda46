import assert from "node:assert/strict";
import { type DrawnSpan, toSvg } from "../../../bench/trace/draw.ts";

function span(spanId: string, parentSpanId: string, name: string, startMs: number, endMs: number): DrawnSpan {
  return { spanId, parentSpanId, name, service: name.startsWith("call") ? "call" : "serve", startMs, endMs };
}

Deno.test("toSvg draws what is below a span in the order of its starts, as long as it took", () => {
  const root = span("1", "", "call <a>", 100, 110);
  const spans = [
    span("3", "1", "handler a", 105, 109),
    span("2", "1", "broker a", 101, 103.5),
    span("4", "3", "a", 106, 112),
    span("5", "9", "another trace", 100, 101),
    root,
  ];
  const svg = toSvg(spans, root, "call", "Title");
  const texts = [...svg.matchAll(/<text x="(\d+)" y="\d+">([^<]*)</g)].map((
    [, x, text],
  ) => [Number(x), text]);
  assert.deepEqual(texts, [[12, "call &lt;a>"], [26, "broker a"], [26, "handler a"], [40, "a"]]);
  const bars = [...svg.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)".*fill="(#\w+)"/g)]
    .map(([, x, width, colour]) => [Number(x), Number(width), colour]);
  // 500 wide for 12 ms.
  assert.deepEqual(bars, [
    [330, 416.7, "#57606a"],
    [371.7, 104.2, "#d08700"],
    [538.3, 166.7, "#1a7f37"],
    [580, 250, "#0550ae"],
  ]);
  assert.match(svg, /2\.50 ms/);
  assert.doesNotMatch(svg, /another trace/);
});

Deno.test("docs/trace.svg shows a call, and where its time went", async () => {
  const svg = await Deno.readTextFile(new URL("../../../docs/trace.svg", import.meta.url));
  for (const name of ["broker", "mailbox", "handler"]) {
    assert.ok(svg.includes(`>${name} bank.Payments/transfer<`), name);
  }
  assert.ok(svg.includes(">record bank.Ledger/book<"));
});
