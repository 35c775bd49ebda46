import assert from "node:assert/strict";
import { Dice } from "./dice.ts";
import { attackDirect } from "./direct.ts";
import { attackFrames } from "./frames.ts";
import { attackBodies, attackPacks } from "./parsers.ts";
import { attackQueues } from "./queues.ts";
import { attackReplies } from "./replies.ts";
import { Stage } from "./stage.ts";

// What is attacked asserts that every piece of input has its fate; `million.ts` does the same at size. Here it is also
// said that each fate occurs, or the input would be hostile in one way only.

Deno.test("hostile messages in class topics are answered, dead letters or counted, and the tree stays up", async () => {
  await using stage = await Stage.start();
  const { sent, answered, deadLettered, ran, counted } = await attackQueues(stage, new Dice(1), 8_000);
  assert.ok(sent >= 8_000 && Math.min(answered, deadLettered, ran, counted) > 100);
  await stage.isUnharmed();
});

Deno.test("hostile messages to a direct address are answered or counted, and the tree stays up", async () => {
  await using stage = await Stage.start();
  const { sent, answered, counted } = await attackDirect(stage, new Dice(2), 3_000);
  assert.ok(sent >= 3_000 && Math.min(answered, counted) > 100);
  await stage.isUnharmed();
});

Deno.test("hostile replies settle their call or are counted, and every call settles", async () => {
  const { sent, answered, counted } = await attackReplies(new Dice(3), 3_000);
  assert.ok(sent >= 3_000 && Math.min(answered, counted) > 100);
});

Deno.test("hostile packs are read or refused", () => {
  const { answered, counted } = attackPacks(new Dice(4), 2_000);
  assert.ok(Math.min(answered, counted) > 100);
});

Deno.test("hostile frames are read, refused or waited for", () => {
  const { answered, counted } = attackFrames(new Dice(5), 2_000);
  assert.ok(Math.min(answered, counted) > 100);
});

Deno.test("hostile bodies are read or refused by every codec", () => {
  const { answered, counted } = attackBodies(new Dice(6), 3_000);
  assert.ok(Math.min(answered, counted) > 100);
});
