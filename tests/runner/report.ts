/** A test that failed, as its report has it. */
export interface Failure {
  readonly file: string;
  readonly test: string;
  /** What it threw, and where. */
  readonly text: string;
}

/** What a JUnit report says. */
export interface Report {
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
}

/** Lines of what a test threw that are worth repeating. */
const LINES = 40;

/** Adds up the test suites of a JUnit report, and names what failed. */
export function parseReport(xml: string): Report {
  let tests = 0;
  let failed = 0;
  let skipped = 0;
  for (const [suite] of xml.matchAll(/<testsuite [^>]*>/g)) {
    tests += Number(attribute(suite, "tests"));
    failed += Number(attribute(suite, "failures")) + Number(attribute(suite, "errors"));
    skipped += Number(attribute(suite, "disabled")) + Number(attribute(suite, "skipped"));
  }
  const failures = [...xml.matchAll(/(<testcase [^>]*>)\s*<(?:failure|error)[^>]*>([^<]*)</g)].map(
    ([, testcase = "", text = ""]) => ({
      file: attribute(testcase, "classname"),
      test: attribute(testcase, "name"),
      text: toText(text).split("\n").slice(0, LINES).join("\n"),
    }),
  );
  // Failures of a form that is not known must be counted all the same.
  while (failures.length < failed) failures.push({ file: "?", test: "?", text: "see above" });
  return { passed: tests - failures.length - skipped, skipped, failures };
}

function attribute(element: string, name: string): string {
  return toText(new RegExp(` ${name}="([^"]*)"`).exec(element)?.[1] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&amp;": "&",
};

function toText(xml: string): string {
  return xml.replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity] ?? entity);
}
