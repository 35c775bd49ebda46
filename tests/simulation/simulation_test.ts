/** Two hundred seeds of the bank; ten thousand: `deno task test:simulation`. */
import assert from "node:assert/strict";
import { simulate, SimulationError } from "../../testing/simulate.ts";
import { faultsOf, playBank } from "./bank.ts";
import { explore, playSeed } from "./explore.ts";
import { MutatedSources } from "./mutated.ts";
import { MUTATIONS } from "./mutations.ts";

const SEEDS = 200;
/** In so many seeds each planted bug is found; most are in far fewer. */
const MUTATED_SEEDS = 150;

Deno.test("simulation: the bank keeps its promises, whatever goes wrong", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) assert.equal(await explore(seed), undefined);
});

Deno.test("simulation: the same seed replays exactly, and another one does not", async () => {
  const digests = new Set<string>();
  for (const seed of [1, 2, 3, 4]) {
    const digest = await playSeed(seed);
    assert.equal(await playSeed(seed), digest);
    digests.add(digest);
  }
  assert.equal(digests.size, 4);
});

Deno.test("simulation: a seed that fails says with which faults, and what happened", async () => {
  const faults = faultsOf(2);
  const played = simulate({ seed: 2, faults }, async (world) => {
    await playBank(world, 2, faults);
    throw new Error("planted");
  });
  await assert.rejects(played, (error) => {
    assert.ok(error instanceof SimulationError);
    assert.deepEqual(error.faults, faults);
    assert.match(error.message, /^Seed 2 failed: planted\nFaults:\n[^]*Trace, the last 60 of \d+ lines:/);
    return true;
  });
});

Deno.test("simulation: planted bugs are found", async (t) => {
  await using sources = await MutatedSources.create();
  for (const mutation of MUTATIONS) {
    await t.step(mutation.name, async () => {
      const { caught, text } = await sources.play(mutation, MUTATED_SEEDS);
      assert.ok(caught, text);
    });
  }
});
