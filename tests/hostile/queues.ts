import assert from "node:assert/strict";
import { RpcError } from "rocket-actors";
import type { QueueRef, Transport } from "../../src/transport/transport.ts";
import type { Dice } from "./dice.ts";
import { Envelopes } from "./envelopes.ts";
import type { Stage } from "./stage.ts";
import { add, emptyTally, fates, type Tally } from "./tally.ts";

/** Messages that are on their way at once. */
const BATCH = 2_000;
/** Of each topic: a few, so that what is remembered per queue comes to its bound. */
const QUEUES = 2;
const QUEUE_STEP = 5;

/**
 * Sends hostile messages into the class topics, and reckons after each batch what became of every call in them.
 *
 * @param afterBatch called while nothing is under way, with the part that is done
 */
export async function attackQueues(
  stage: Stage,
  dice: Dice,
  messages: number,
  afterBatch: (done: number) => unknown = () => {},
): Promise<Tally> {
  const { attacker, watched } = stage;
  const prefix = `q${dice.below(1e9).toString(36)}-`;
  const envelopes = new Envelopes(dice, attacker.addresses.reply, prefix);
  const sum = emptyTally();
  // Ids that are no id of ours, and so may come again at any time.
  const strange = new Set<string>();
  for (let sent = 0; sent < messages;) {
    const before = counters(stage);
    // A duplicate of ours meets its first one in the same reckoning.
    envelopes.forget();
    const batch = Math.min(BATCH, messages - sent);
    await sendAll(attacker, dice, envelopes, batch);
    await stage.until(
      () =>
        watched.delivered === sent + batch + watched.resent && watched.settled === watched.delivered &&
        stage.intake("unsettled") === 0,
      () => `${sent + batch + watched.resent - watched.settled} messages, ${stage.intake("unsettled")} calls`,
    );
    const after = counters(stage);
    const expired = after.expired - before.expired;
    const duplicates = after.duplicates - before.duplicates;
    const ids = watched.calls.flatMap(({ id }) => id === undefined || id.startsWith(prefix) ? [] : id);
    add(sum, reckon(stage, { expired, duplicates, strange }));
    for (const id of ids) strange.add(id);
    sent += batch;
    await afterBatch(sent / messages);
  }
  return sum;
}

/** What of a batch only numbers tell. */
interface Counted {
  /** Expired, and nobody was told. */
  readonly expired: number;
  /** Came a second time. */
  readonly duplicates: number;
  /** Ids that came before this batch. */
  readonly strange: ReadonlySet<string>;
}

function counters(stage: Stage): Omit<Counted, "strange"> {
  return { expired: stage.intake("expiredUnanswered"), duplicates: stage.intake("duplicates") };
}

/** Sends so many messages that the broker takes; what it refuses is its sender's to know, and made anew. */
async function sendAll(
  attacker: Transport,
  dice: Dice,
  envelopes: Envelopes,
  messages: number,
): Promise<void> {
  const queues = new Map<string, readonly QueueRef[]>();
  for (let left = messages; left > 0;) {
    const message = envelopes.next();
    const all = queues.get(message.topic) ?? await attacker.queues(message.topic);
    queues.set(message.topic, all);
    const queue = all[dice.below(QUEUES) * QUEUE_STEP];
    assert.ok(queue !== undefined);
    try {
      await attacker.send(message, { queue });
      left--;
    } catch (error) {
      const { code, outcome } = RpcError.from(error);
      assert.deepEqual([code, outcome], ["invalid_argument", "not_sent"]);
    }
  }
}

/** Finds the fate of every call of the batch: nothing may be left over. */
function reckon({ watched, ran }: Stage, { expired, duplicates, strange }: Counted): Tally {
  const tally = emptyTally();
  tally.sent = watched.calls.length + watched.cancels;
  // A cancel is told to nobody: it was settled, as every message of the batch.
  tally.counted = watched.cancels;
  let again = 0;
  let left = 0;
  for (const { id, letter } of watched.calls) {
    if (watched.dead.has(letter) && !watched.answered.has(id ?? "")) tally.deadLettered++;
    else if (id === undefined) left++;
    else if (watched.answered.has(id)) tally.answered++;
    else if (watched.undelivered.has(id)) tally.counted++;
    else if (ran.has(id)) tally.ran++;
    // Cancelled before its handler, and nobody waits for it.
    else if (watched.cancelled.has(id)) tally.counted++;
    else if (strange.has(id)) again++;
    else left++;
  }
  assert.ok(again <= duplicates, `${again} calls came again, and only ${duplicates} were counted`);
  assert.ok(left <= expired, `${left} calls have no fate, and only ${expired} have expired`);
  tally.counted += again + left;
  assert.equal(fates(tally), tally.sent);
  watched.reset();
  ran.clear();
  return tally;
}
