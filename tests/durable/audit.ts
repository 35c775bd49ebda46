import type { Fact } from "./evidence.ts";

/** What is known of one piece of work. */
class Story {
  readonly facts: Fact[] = [];

  count(is: Fact["is"]): number {
    return this.facts.filter((fact) => fact.is === is).length;
  }

  get(is: Fact["is"]): Fact | undefined {
    return this.facts.find((fact) => fact.is === is);
  }
}

/** What contradicts the promises of a broker file, one line for each piece of work. */
export function violations(facts: readonly Fact[]): readonly string[] {
  const stories = new Map<string, Story>();
  for (const fact of facts) {
    const story = stories.get(fact.label) ?? new Story();
    stories.set(fact.label, story);
    story.facts.push(fact);
  }
  return [...stories].flatMap(([label, story]) => {
    const wrong = [...wrongWith(story)];
    return wrong.length === 0 ? [] : [`${label}: ${wrong.join(", ")}: ${JSON.stringify(story.facts)}`];
  });
}

function* wrongWith(story: Story): Iterable<string> {
  const called = story.get("called");
  if (called === undefined) return yield "was never called";
  const began = story.count("began");
  const ended = story.count("ended");
  const dead = story.get("dead");
  if (story.get("sent") !== undefined && began === 0 && dead === undefined) {
    yield "was acknowledged and is lost";
  }
  if (story.get("answered") !== undefined && ended === 0) yield "was answered and never ran";
  // Starts of what may run again are counted without waiting for the disk: a death may forget one.
  if (called.method !== "again" && began > 1) yield `was started ${began} times`;
  if (called.method === "again" && ended === 0 && began > 0) yield "was started and given up";
  if (called.method !== "again" && began === 1 && ended === 0 && dead === undefined) {
    yield "may have run, and nobody was told";
  }
  if (ended > 0 && story.get("answered") !== undefined && dead !== undefined) yield "ran well, and is dead";
  const answered = story.facts.findIndex(({ is }) => is === "answered" || is === "dead");
  if (answered >= 0 && story.facts.slice(answered).some(({ is }) => is === "began")) {
    yield "was started again though it was answered";
  }
  if (story.get("failed")?.what === "not_sent" && began > 0) yield "ran, and was reported not sent";
}
