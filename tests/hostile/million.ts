// deno-lint-ignore-file no-console -- run by hand: the figures are what it is run for
/**
 * One million pieces of hostile input: `deno task test:hostile [-- seed]`. The same seed makes the same input; what
 * becomes of it depends a little on the time, since deadlines do.
 */
import assert from "node:assert/strict";
import { Dice } from "./dice.ts";
import { attackDirect } from "./direct.ts";
import { attackFrames } from "./frames.ts";
import { Memory } from "./memory.ts";
import { attackBodies, attackPacks } from "./parsers.ts";
import { attackQueues } from "./queues.ts";
import { attackReplies } from "./replies.ts";
import { Stage } from "./stage.ts";
import { add, emptyTally, fates, type Tally } from "./tally.ts";

const seed = Number(Deno.args[0] ?? 1);
/** The parsers are asked in parts, between which the heap is looked at. */
const PARTS = 20;

type Attack = (dice: Dice, count: number, pass: (done: number) => Promise<void>) => Tally | Promise<Tally>;

async function attack(name: string, count: number, run: Attack): Promise<void> {
  const memory = new Memory();
  const begin = performance.now();
  const tally = await run(new Dice(seed), count, memory.pass);
  await memory.pass(1);
  const seconds = (performance.now() - begin) / 1_000;
  console.log(`${name}: ${JSON.stringify(tally)}; ${seconds.toFixed(0)} s; heap ${memory}`);
  assert.ok(tally.sent >= count);
  assert.equal(fates(tally), tally.sent);
}

/** The same in parts, for what cannot be looked at from within. */
function inParts(run: (dice: Dice, count: number) => Tally): Attack {
  return async (dice, count, pass) => {
    const sum = emptyTally();
    for (let part = 0; part < PARTS; part++) {
      const tally = run(dice, count / PARTS);
      add(sum, tally);
      await pass((part + 1) / PARTS);
    }
    return sum;
  };
}

async function onStage(run: (stage: Stage) => Promise<Tally>): Promise<Tally> {
  await using stage = await Stage.start();
  const tally = await run(stage);
  await stage.isUnharmed();
  return tally;
}

Deno.test("400,000 hostile messages in class topics", async () => {
  await attack(
    "class topics",
    400_000,
    (dice, count, pass) => onStage((stage) => attackQueues(stage, dice, count, pass)),
  );
});

Deno.test("150,000 hostile messages to a direct address", async () => {
  await attack(
    "direct address",
    150_000,
    (dice, count, pass) => onStage((stage) => attackDirect(stage, dice, count, pass)),
  );
});

Deno.test("150,000 hostile replies to calls that wait", async () => {
  await attack("replies", 150_000, attackReplies);
});

Deno.test("100,000 hostile packs", async () => {
  await attack("packs", 100_000, inParts(attackPacks));
});

Deno.test("100,000 hostile frames", async () => {
  await attack("frames", 100_000, inParts(attackFrames));
});

Deno.test("100,000 hostile bodies", async () => {
  await attack("bodies", 100_000, inParts(attackBodies));
});
