import assert from "node:assert/strict";
import { parseReport } from "./report.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="2" errors="0" time="0.073">
    <testsuite name="./a_test.ts" tests="3" disabled="1" errors="0" failures="1">
        <testcase name="holds" classname="./a_test.ts" time="0.001" line="1" col="6">
        </testcase>
        <testcase name="a &lt;b&gt; &amp; &quot;c&quot;" classname="./a_test.ts" time="0.002" line="2" col="6">
            <failure message="Uncaught Error: x">Error: it&apos;s &lt;x&gt;
    at a_test.ts:2:83</failure>
        </testcase>
        <testcase name="left out" classname="./a_test.ts" time="0.000" line="3" col="6">
            <skipped/>
        </testcase>
    </testsuite>
    <testsuite name="./b_test.ts" tests="2" disabled="0" errors="0" failures="0">
        <testcase name="one" classname="./b_test.ts" time="0.001" line="1" col="6">
        </testcase>
        <testcase name="two" classname="./b_test.ts" time="0.001" line="2" col="6">
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("parseReport() counts, and names what failed with what it threw", () => {
  assert.deepEqual(parseReport(REPORT), {
    passed: 3,
    skipped: 1,
    failures: [{
      file: "./a_test.ts",
      test: 'a <b> & "c"',
      text: "Error: it's <x>\n    at a_test.ts:2:83",
    }],
  });
});

Deno.test("parseReport() counts failures that it cannot name, and finds nothing in an empty report", () => {
  const { passed, failures } = parseReport(
    '<testsuite name="./a_test.ts" tests="5" errors="1" failures="1">',
  );
  assert.deepEqual([passed, failures.length], [3, 2]);
  assert.deepEqual(parseReport(""), { passed: 0, skipped: 0, failures: [] });
});
