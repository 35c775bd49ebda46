import assert from "node:assert/strict";
import { type Plot, toSvg } from "../../bench/plot.ts";

function plot(points: readonly (readonly [number, number])[], scale: "linear" | "log"): Plot {
  const curves = [{ name: "a & b", colour: "#123456", points }];
  return { title: "<title>", panels: [{ title: "panel", scale, curves }], note: "note", xScale: scale };
}

function drawn(svg: string): number[][] {
  const points = /<polyline points="([^"]*)"/.exec(svg)?.[1] ?? "";
  return points.split(" ").map((point) => point.split(",").map(Number));
}

Deno.test("toSvg() escapes texts and draws each curve in its colour", () => {
  const svg = toSvg(plot([[0, 1], [10, 2]], "linear"));
  assert.match(svg, /&lt;title>/);
  assert.match(svg, />a &amp; b</);
  assert.match(svg, /stroke="#123456"/);
});

Deno.test("toSvg(): equal factors are equal distances on logarithmic axes", () => {
  const [first = [], second = [], third = []] = drawn(toSvg(plot([[1, 10], [10, 100], [100, 1_000]], "log")));
  const distance = (one: number[], other: number[], axis: number) =>
    (other[axis] ?? NaN) - (one[axis] ?? NaN);
  for (const axis of [0, 1]) {
    assert.ok(Math.abs(distance(first, second, axis) - distance(second, third, axis)) < 0.2);
  }
  assert.ok(distance(first, second, 0) > 0 && distance(first, second, 1) < 0);
});

Deno.test("toSvg() draws a line at each power of ten of a logarithmic axis, and none of a linear one", () => {
  const points = [[1, 5], [2, 2_000]] as const;
  const found = [...toSvg(plot(points, "log")).matchAll(/fill="#8c959f">(\d+)</g)].map(([, power]) => power);
  assert.deepEqual(found, ["10", "100", "1000"]);
  assert.doesNotMatch(toSvg(plot(points, "linear")), /#8c959f/);
});

Deno.test("toSvg() has no figure that is none, also of a plot without points", () => {
  for (const scale of ["linear", "log"] as const) {
    assert.doesNotMatch(toSvg(plot([], scale)), /NaN|Infinity/);
    assert.doesNotMatch(toSvg(plot([[1, 0]], scale)), /NaN|Infinity/);
  }
});
