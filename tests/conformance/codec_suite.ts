import assert from "node:assert/strict";
import fc from "fast-check";
import type { BodyPlace, Codec } from "rocket-actors";

/** The kinds of values that every codec says something about. */
export const KINDS = [
  "null",
  "boolean",
  "integer",
  "integer beyond 32 bits",
  "fraction",
  "-0",
  "NaN",
  "Infinity",
  "text",
  "half a surrogate pair",
  "bigint",
  "bigint beyond 64 bits",
  "bigint beyond all bounds",
  "Date",
  "invalid Date",
  "Uint8Array",
  "Buffer",
  "ArrayBuffer",
  "other typed array",
  "array",
  "array with a hole",
  "undefined in an array",
  "undefined field",
  "object without prototype",
  "key __proto__",
  "key of a form",
  "class instance",
  "object with toJSON",
  "Map",
  "Set",
  "function",
  "symbol",
  "cycle",
  "getter that throws",
] as const;

/** One of them. */
export type Kind = typeof KINDS[number];

/** A body with a value of a kind in it: what the other end gets for it, or the path at which it is refused. */
export type Sample =
  | { readonly value: unknown; readonly becomes?: unknown }
  | { readonly value: unknown; readonly refusedAt: string };

/** What a codec claims, which the suite holds it to. */
export interface CodecSubject {
  /** Makes the codec. */
  make(): Codec;
  /** Where all bodies of the suite stand. */
  readonly place: BodyPlace | undefined;
  /** What it does with each kind; several samples where there are several answers. */
  readonly kinds: Readonly<Record<Kind, readonly Sample[]>>;
  /** Bodies that come back as they were. */
  readonly bodies: fc.Arbitrary<unknown>;
  /** How deep containers may lie within each other, and a body with so many. */
  readonly maxDepth: number;
  nested(depth: number): unknown;
  /** The bytes of a body with so many levels, however many. */
  nestedBytes(depth: number): Uint8Array;
  /** Bytes that must be refused, by what is wrong with them. */
  readonly hostile: Readonly<Record<string, Uint8Array>>;
}

/** What refusing hostile bytes may allocate. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;
const FAR_TOO_DEEP = 200_000;

/**
 * What every codec does.
 *
 * @param name the codec, for the names of the tests
 * @param subject the codec and what it claims
 */
export function codecSuite(name: string, subject: CodecSubject): void {
  const test = (promise: string, run: (ends: Ends) => void) =>
    Deno.test(`${name} ${promise}`, () => run(new Ends(subject)));
  for (const kind of KINDS) {
    test(`does with ${kind} what it says`, (ends) => {
      assert.ok(subject.kinds[kind].length > 0, "nothing is said");
      for (const sample of subject.kinds[kind]) ends.check(sample);
    });
  }
  roundTrips(test, subject);
  memory(test, subject);
  limits(test, subject);
  hostility(test, subject);
}

type Test = (promise: string, run: (ends: Ends) => void) => void;

/** Both ends of a codec. */
class Ends {
  readonly codec: Codec;
  readonly #place: BodyPlace | undefined;

  constructor({ make, place }: CodecSubject) {
    this.codec = make();
    this.#place = place;
  }

  encode(value: unknown): Uint8Array {
    const bytes = this.codec.encode(value, this.#place);
    assert.ok(bytes.length > 0, "a body has a byte at least");
    return bytes;
  }

  decode(bytes: Uint8Array): unknown {
    return this.codec.decode(bytes, this.#place);
  }

  /** The value, or `undefined` when the bytes were refused as they must be. */
  tryDecode(bytes: Uint8Array): unknown {
    try {
      return this.decode(bytes);
    } catch (error) {
      assertTypeError(error, /^Cannot decode /);
      return undefined;
    }
  }

  check(sample: Sample): void {
    if ("refusedAt" in sample) this.refuses(sample.value, sample.refusedAt);
    else {
      const expected = "becomes" in sample ? sample.becomes : sample.value;
      assert.deepStrictEqual(this.decode(this.encode(sample.value)), expected);
    }
  }

  refuses(value: unknown, path: string): void {
    const error = thrownBy(() => this.encode(value));
    assertTypeError(error, /^Cannot encode /);
    assert.ok(error.message.startsWith(`Cannot encode ${path} as `), `not at ${path}: ${error.message}`);
  }
}

function roundTrips(test: Test, { bodies }: CodecSubject): void {
  test("carries every body there and back", (ends) => {
    fc.assert(
      fc.property(bodies, (body) => {
        assert.deepStrictEqual(ends.decode(ends.encode(body)), body);
      }),
      { numRuns: 500 },
    );
  });

  test("does not change what it encodes", (ends) => {
    fc.assert(fc.property(fc.clone(bodies, 2), ([body, same]) => {
      ends.encode(body);
      assert.deepStrictEqual(body, same);
    }));
  });

  test("names its content type, and cannot be changed", (ends) => {
    assert.match(ends.codec.contentType, /^application\/[a-z-]+$/);
    assert.ok(Object.isFrozen(ends.codec));
  });
}

function memory(test: Test, { bodies, kinds }: CodecSubject): void {
  test("keeps no reference to the bytes that it decoded, and does not write to them", (ends) => {
    fc.assert(fc.property(fc.clone(bodies, 2), ([body, same]) => {
      const encoded = ends.encode(body);
      // As from a read buffer: in the middle of other bytes.
      const buffer = new Uint8Array(encoded.length + 64).fill(0xa5);
      const bytes = buffer.subarray(32, 32 + encoded.length);
      bytes.set(encoded);
      const decoded = ends.decode(bytes);
      assert.deepStrictEqual(bytes, new Uint8Array(encoded));
      buffer.fill(0x5a);
      assert.deepStrictEqual(decoded, same);
    }));
  });

  test("gives bytes that no later call changes", (ends) => {
    fc.assert(fc.property(bodies, bodies, (first, second) => {
      const bytes = ends.encode(first);
      const copy = new Uint8Array(bytes);
      for (let call = 0; call < 20; call++) ends.encode(second);
      assert.deepStrictEqual(new Uint8Array(bytes), copy);
    }));
  });

  test("keeps no reference to bytes within what it encoded", (ends) => {
    for (const value of carried(kinds.Uint8Array)) {
      const bytes = ends.encode(value);
      const copy = new Uint8Array(bytes);
      for (const content of bytesWithin(value)) content.fill(0xee);
      assert.deepStrictEqual(new Uint8Array(bytes), copy);
    }
  });

  test("shares no memory between a value's bytes and others'", (ends) => {
    for (const value of carried(kinds.Uint8Array)) {
      for (const content of bytesWithin(ends.decode(ends.encode(value)))) {
        assert.equal(content.byteLength, content.buffer.byteLength);
      }
    }
  });
}

function limits(test: Test, { maxDepth, nested, nestedBytes }: CodecSubject): void {
  test(`carries ${maxDepth} levels and refuses one more`, (ends) => {
    const deepest = nested(maxDepth);
    assert.deepStrictEqual(ends.decode(ends.encode(deepest)), deepest);
    assert.deepStrictEqual(ends.decode(nestedBytes(maxDepth)), deepest);
    assertTypeError(thrownBy(() => ends.encode(nested(maxDepth + 1))), / at most \d+ levels deep$/);
    assertTypeError(thrownBy(() => ends.decode(nestedBytes(maxDepth + 1))), /deep|depth/);
  });

  test("refuses what is far too deep, on either end, without filling the stack", (ends) => {
    assertTypeError(thrownBy(() => ends.encode(nested(FAR_TOO_DEEP))), / at most \d+ levels deep$/);
    assertTypeError(thrownBy(() => ends.decode(nestedBytes(FAR_TOO_DEEP))), /^Cannot decode /);
  });
}

function hostility(test: Test, { bodies, hostile }: CodecSubject): void {
  for (const [what, bytes] of Object.entries(hostile)) {
    test(`refuses ${what}, at no cost`, (ends) => {
      const before = memoryInUse();
      assertTypeError(thrownBy(() => ends.decode(bytes)), /^Cannot decode /);
      assert.ok(memoryInUse() - before < MAX_GROWTH_BYTES, "it took much memory");
      assert.equal(Reflect.get({}, "polluted"), undefined);
    });
  }

  // Whatever is accepted is a value of the codec: it can be sent on.
  const survives = (ends: Ends, bytes: Uint8Array): void => {
    const value = ends.tryDecode(bytes);
    if (value !== undefined) assert.deepStrictEqual(ends.decode(ends.encode(value)), value);
  };

  test("survives any bytes", (ends) => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => survives(ends, bytes)), {
      numRuns: 3_000,
    });
  });

  test("survives every truncation of a body", (ends) => {
    fc.assert(fc.property(bodies, (body) => {
      const bytes = ends.encode(body);
      for (let length = 0; length < Math.min(bytes.length, 200); length++) {
        survives(ends, bytes.subarray(0, length));
      }
    }));
  });

  test("survives bytes changed, inserted and taken out", (ends) => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.uint8Array({ maxLength: 4 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(bodies, edits, (body, edits) => {
        let bytes = [...ends.encode(body)];
        for (const [at, removed, inserted] of edits) {
          bytes = bytes.toSpliced(at % (bytes.length + 1), removed, ...inserted);
        }
        survives(ends, Uint8Array.from(bytes));
      }),
      { numRuns: 1_000 },
    );
  });
}

function carried(samples: readonly Sample[]): unknown[] {
  return samples.filter((sample) => !("refusedAt" in sample)).map(({ value }) => value);
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  assert.fail("nothing was thrown");
}

function assertTypeError(error: unknown, message: RegExp): asserts error is TypeError {
  assert.ok(error instanceof TypeError, `not a TypeError: ${error}`);
  assert.match(error.message, message);
}

function memoryInUse(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

function* bytesWithin(value: unknown): Generator<Uint8Array> {
  if (value instanceof Uint8Array) yield value;
  else if (value instanceof Map) yield* bytesWithin([...value.keys(), ...value.values()]);
  else if (value instanceof Set) yield* bytesWithin([...value]);
  else if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) yield* bytesWithin(part);
  }
}
