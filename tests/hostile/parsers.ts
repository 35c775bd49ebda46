import assert from "node:assert/strict";
import { RpcError } from "rocket-actors";
import type { BodyPlace, Codec } from "../../src/codec/codec.ts";
import { decodePack, type PackEntry } from "../../src/envelope/pack.ts";
import { requestHeaders } from "../../src/envelope/request.ts";
import { requestOf } from "../helpers/deliveries.ts";
import { packOf } from "../helpers/packs.ts";
import { mutateBytes } from "./bytes.ts";
import type { Dice } from "./dice.ts";
import { add, emptyTally, fates, type Tally } from "./tally.ts";
import { BODIES } from "./targets.ts";

/** How long one piece of input may take, in milliseconds: far more than any should, on a machine that is busy. */
const MOST_MS = 2_000;

/** Reads mutated packs. Each is read in whole, and what is read is what it holds; or it is refused as one that is broken. */
export function attackPacks(dice: Dice, packs: number): Tally {
  const tally = emptyTally();
  for (; tally.sent < packs; tally.sent++) {
    const bytes = mutateBytes(dice, validPack(dice));
    const entries = inTime(() => readPack(bytes));
    if (entries === undefined) {
      tally.counted++;
      continue;
    }
    const bodies = entries.reduce((sum, { body }) => sum + body.length, 0);
    assert.ok(bodies < bytes.length && entries.every(({ body }) => body.buffer === bytes.buffer));
    tally.answered++;
  }
  assert.equal(fates(tally), tally.sent);
  return tally;
}

/** Reads mutated bodies with every codec. Each is a value, or a `TypeError` that says that it is none. */
export function attackBodies(dice: Dice, bodies: number): Tally {
  const sum = emptyTally();
  for (const [index, [codec, contract, values]] of BODIES.entries()) {
    const place = { contract, method: "echo", part: "input" } as const;
    const share = Math.floor(bodies / BODIES.length) + (index < bodies % BODIES.length ? 1 : 0);
    const tally = emptyTally();
    for (; tally.sent < share; tally.sent++) {
      // Now and then a body of another codec.
      const [writer, name, others] = dice.chance(0.1)
        ? dice.pick(ALL_BODIES)
        : [codec, contract, values] as const;
      const valid = writer.encode(dice.pick(others), { ...place, contract: name });
      const bytes = dice.chance(0.02) ? valid : mutateBytes(dice, valid);
      if (inTime(() => isRead(codec, bytes, place))) tally.answered++;
      else tally.counted++;
    }
    assert.equal(fates(tally), tally.sent);
    add(sum, tally);
  }
  return sum;
}

const [FIRST, ...OTHERS] = BODIES;
assert.ok(FIRST !== undefined);
const ALL_BODIES = [FIRST, ...OTHERS] as const;

function isRead(codec: Codec, bytes: Uint8Array, place: BodyPlace): boolean {
  try {
    codec.decode(bytes, place);
    return true;
  } catch (error) {
    assert.ok(error instanceof TypeError && /^Cannot decode /.test(error.message), String(error));
    assert.ok(error.message.length < 1_000, `a message of ${error.message.length} characters`);
    return false;
  }
}

function readPack(bytes: Uint8Array): readonly PackEntry[] | undefined {
  try {
    return decodePack(bytes);
  } catch (error) {
    assert.ok(error instanceof RpcError && error.code === "invalid_argument", String(error));
    return undefined;
  }
}

function validPack(dice: Dice): Uint8Array {
  return packOf(
    Array.from({ length: 1 + dice.below(8) }, (_, index) => {
      const request = requestOf(`c${index}`);
      return { headers: requestHeaders(request), body: request.body ?? new Uint8Array(1) };
    }),
  );
}

/** What it makes, within reason. */
export function inTime<T>(work: () => T): T {
  const begin = performance.now();
  const made = work();
  const ms = performance.now() - begin;
  assert.ok(ms < MOST_MS, `one piece of input took ${ms.toFixed(0)} ms`);
  return made;
}
