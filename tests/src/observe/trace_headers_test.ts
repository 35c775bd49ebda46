import assert from "node:assert/strict";
import { propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import fc from "fast-check";
import { readTrace, readTraceParent, SpanTrace } from "../../../src/observe/trace_headers.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN_ID = "b7ad6b7169203331";

Deno.test("readTraceParent reads what the W3C says, of later versions what is known of them", () => {
  const expected = { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1, isRemote: true };
  assert.deepEqual(readTraceParent(`00-${TRACE_ID}-${SPAN_ID}-01`), expected);
  assert.deepEqual(readTraceParent(`00-${TRACE_ID}-${SPAN_ID}-02`), { ...expected, traceFlags: 0 });
  assert.deepEqual(readTraceParent(`cc-${TRACE_ID}-${SPAN_ID}-03-what-else`), expected);
});

Deno.test("readTraceParent ignores what is malformed", () => {
  const malformed = [
    "",
    `ff-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}-01-more`,
    `00-${"0".repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${"0".repeat(16)}-01`,
    `00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${SPAN_ID}`,
    `00-${TRACE_ID}-${SPAN_ID}-01\n`,
    `cc-${TRACE_ID}-${SPAN_ID}-01-${"x".repeat(100)}`,
  ];
  for (const header of malformed) assert.equal(readTraceParent(header), undefined, header);
});

Deno.test("readTrace takes no harm from anything that may stand in the headers", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (traceparent, tracestate, baggage) => {
      const read = readTrace({ traceparent, tracestate, baggage });
      assert.equal(trace.getSpanContext(read), undefined);
    }),
  );
});

Deno.test("readTrace keeps the trace where only its state or its baggage is too large", () => {
  const read = readTrace({
    traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`,
    tracestate: `a=${"x".repeat(600)}`,
    baggage: `a=${"x".repeat(4_100)}`,
  });
  assert.equal(trace.getSpanContext(read)?.traceId, TRACE_ID);
  assert.equal(trace.getSpanContext(read)?.traceState, undefined);
  assert.equal(propagation.getBaggage(read), undefined);
});

Deno.test("SpanTrace writes what readTrace reads", () => {
  const headers = {
    traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`,
    tracestate: "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
    baggage: "tenant=t%2C1,user=%C3%A4",
  };
  const { traceparent, tracestate, baggage } = new SpanTrace(readTrace(headers));
  assert.deepEqual({ traceparent, tracestate, baggage }, headers);
  const written = new SpanTrace(ROOT_CONTEXT);
  assert.equal(readTraceParent(written.traceparent), undefined);
  assert.deepEqual([written.tracestate, written.baggage], [undefined, undefined]);
});
