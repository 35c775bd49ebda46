/** Longer paths are cut in the middle of messages. */
const MAX_SHOWN_SEGMENTS = 24;
const MAX_SHOWN_KEY = 60;
const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

/** The way from a body's top to the value under the eye, such as `$.items[3].when`. Walks push and pop its segments. */
export class Path {
  readonly #segments: (string | number)[] = [];

  /** Goes down: a property by its name, an item by its index. */
  push(segment: string | number): void {
    this.#segments.push(segment);
  }

  /** Goes back up. */
  pop(): void {
    this.#segments.pop();
  }

  /** For messages: property names that are no identifiers are quoted, and the middle of long paths is left out. */
  toString(): string {
    const shown = this.#segments.map(show);
    if (shown.length > MAX_SHOWN_SEGMENTS) {
      const half = MAX_SHOWN_SEGMENTS / 2;
      shown.splice(half, shown.length - MAX_SHOWN_SEGMENTS, "…");
    }
    return `$${shown.join("")}`;
  }
}

function show(segment: string | number): string {
  if (typeof segment === "number") return `[${segment}]`;
  const cut = segment.length > MAX_SHOWN_KEY ? `${segment.slice(0, MAX_SHOWN_KEY)}…` : segment;
  return IDENTIFIER.test(cut) ? `.${cut}` : `[${JSON.stringify(cut)}]`;
}
