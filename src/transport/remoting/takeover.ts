import type { Clock } from "../../async/clock.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { lockQueues, unlockQueues } from "../../rocketmq/client/locks.ts";
import {
  maxOffset,
  minOffset,
  offsetAtTime,
  queryOffset,
  updateOffset,
} from "../../rocketmq/client/offsets.ts";
import { START_LEVELS } from "../progress.ts";
import { HANDOVER_RETRY_MS, LOCK_RETRY_MS, REQUEST_TIMEOUT_MS, TAKEOVER_GRACE_MS } from "./defaults.ts";
import type { HeldQueue, QueuePast } from "./held_queue.ts";
import { consumerClientId, sideGroups } from "./names.ts";

/** What a takeover has to know of the group around the queue. */
export interface GroupView {
  readonly client: RocketMqClient;
  readonly clock: Clock;
  /** This instance's number. */
  readonly instance: number;
  /** Whether that client is a member by the broker's latest list. */
  isMember(clientId: string): boolean;
  /** For how long that client has been seen gone, in milliseconds: at most since this instance began to look. */
  goneForMs(clientId: string): number;
}

const log = logger("partition");
const TIMEOUT = { timeoutMs: REQUEST_TIMEOUT_MS } as const;

/**
 * Tries once to lock the queue. Where a dead owner holds it and its grace has passed, it is unlocked in that owner's
 * name first: brokers keep the lock of a dead client for 60 s, and take any client's word for an unlock.
 *
 * @returns how long to wait before the next try, in milliseconds, or `locked`
 * @throws {RocketMqError} when the broker cannot be asked
 */
export async function tryLock(queue: HeldQueue, view: GroupView): Promise<"locked" | number> {
  if (await lock(queue, view)) return "locked";
  const owner = await recordedOwner(queue, view);
  if (owner === undefined) return LOCK_RETRY_MS;
  if (view.isMember(owner)) return HANDOVER_RETRY_MS;
  const ms = view.goneForMs(owner);
  if (ms < TAKEOVER_GRACE_MS) return Math.min(LOCK_RETRY_MS, TAKEOVER_GRACE_MS - ms);
  await unlockInNameOf(owner, queue, view, ms);
  return await lock(queue, view) ? "locked" : LOCK_RETRY_MS;
}

/**
 * Unlocks a queue that another instance is to take, where its recorded owner is one of those that this instance has seen
 * gone for the grace. The other one may have come only lately, and would have to wait for a grace of its own.
 *
 * @throws {RocketMqError} when the broker cannot be asked
 */
export async function unlockForOther(
  queue: HeldQueue,
  view: GroupView,
  gone: ReadonlySet<string>,
): Promise<void> {
  const owner = await recordedOwner(queue, view);
  if (owner === undefined || !gone.has(owner) || view.isMember(owner)) return;
  await unlockInNameOf(owner, queue, view, TAKEOVER_GRACE_MS);
}

/** The client that entered itself as the queue's owner last, or `undefined`. */
async function recordedOwner(queue: HeldQueue, { client }: GroupView): Promise<string | undefined> {
  const ownerPlace = place(queue, sideGroups.owner(queue.group));
  const number = await queryOffset(client, queue.address, ownerPlace, TIMEOUT);
  return number === undefined ? undefined : consumerClientId(number);
}

/** Changes nothing where somebody else has the lock by now. */
async function unlockInNameOf(owner: string, queue: HeldQueue, view: GroupView, ms: number): Promise<void> {
  const { group, address, ref: { topic } } = queue;
  await unlockQueues(view.client, address, { group, queues: [queueId(queue)], holder: owner }, TIMEOUT);
  log.warn(EVENTS.partition.unlockedForDead, { topic, queue: nameOf(queue), owner, ms });
}

/** What a new owner knows besides what the broker tells. */
export interface OwnKnowledge {
  /** What this instance knows from owning the queue before. */
  readonly remembered: QueuePast | undefined;
  /** Whether the queue turned out shorter than its commit: its broker has lost messages. */
  readonly shortened: boolean;
  /** When the broker was started, by its own clock, epoch milliseconds. */
  readonly bootAtMs: number;
}

/** Enters this instance as the owner of a queue that it has locked, and finds out the queue's past. */
export async function enterAsOwner(
  queue: HeldQueue,
  view: GroupView,
  { remembered, shortened, bootAtMs }: OwnKnowledge,
): Promise<QueuePast> {
  const ownerPlace = place(queue, sideGroups.owner(queue.group));
  const previous = await queryOffset(view.client, queue.address, ownerPlace, TIMEOUT);
  await updateOffset(view.client, queue.address, { ...ownerPlace, offset: view.instance }, TIMEOUT);
  const stored = await readPast(queue, view);
  // Nobody else has owned it since: what is remembered is complete, whatever a killed broker forgot.
  const complete = remembered !== undefined && previous === view.instance;
  // What was remembered counts everything below the commit as done, which a shortened queue has void.
  const known = remembered === undefined || shortened ? stored : higher(stored, remembered);
  const past = shortened ? withinQueue(known, await firstSince(bootAtMs, queue, view)) : known;
  await writePast(queue, view, stored, past);
  return { ...past, suspectBeforeMs: complete ? 0 : bootAtMs };
}

/** Gives the lock back. */
export function unlock(queue: HeldQueue, view: GroupView): Promise<void> {
  return unlockQueues(view.client, queue.address, { group: queue.group, queues: [queueId(queue)] }, TIMEOUT);
}

async function lock(queue: HeldQueue, { client }: GroupView): Promise<boolean> {
  const locked = await lockQueues(
    client,
    queue.address,
    { group: queue.group, queues: [queueId(queue)] },
    TIMEOUT,
  );
  return locked.length > 0;
}

async function readPast(queue: HeldQueue, { client }: GroupView): Promise<QueuePast> {
  const { address, group } = queue;
  const levels = Array.from({ length: START_LEVELS }, (_, index) => index + 1);
  const [committed, first, end, ...marks] = await Promise.all([
    queryOffset(client, address, place(queue, group), TIMEOUT),
    minOffset(client, address, queueId(queue), TIMEOUT),
    maxOffset(client, address, queueId(queue), TIMEOUT),
    ...levels.map((level) =>
      queryOffset(client, address, place(queue, sideGroups.mark(group, level)), TIMEOUT)
    ),
  ]);
  return {
    commit: Math.max(0, committed ?? first),
    marks: marks.map((mark) => mark ?? 0),
    suspectBeforeMs: 0,
    end,
  };
}

/** The first offset that the broker has given out since it was started. */
async function firstSince(bootAtMs: number, queue: HeldQueue, { client }: GroupView): Promise<number> {
  return Math.max(0, await offsetAtTime(client, queue.address, queueId(queue), bootAtMs, TIMEOUT));
}

/**
 * A broker that lost its newest messages gives their offsets to others. Those are read from the first one on, and
 * what marks cover of them is suspect: nothing is passed over, and nothing runs as fresh that may have been started.
 */
function withinQueue({ commit, marks, end }: QueuePast, first: number): QueuePast {
  return {
    commit: Math.min(commit, first),
    marks: marks.map((mark) => Math.min(mark, end)),
    suspectBeforeMs: 0,
    end,
  };
}

/** Puts right what the broker has, where it lost its memory and this instance did not. */
async function writePast(
  queue: HeldQueue,
  { client }: GroupView,
  stored: QueuePast,
  past: QueuePast,
): Promise<void> {
  const { address, group } = queue;
  const writes: Promise<void>[] = [];
  if (past.commit !== stored.commit) {
    writes.push(updateOffset(client, address, { ...place(queue, group), offset: past.commit }, TIMEOUT));
  }
  past.marks.forEach((mark, index) => {
    if (mark === stored.marks[index]) return;
    const side = place(queue, sideGroups.mark(group, index + 1));
    writes.push(updateOffset(client, address, { ...side, offset: mark }, TIMEOUT));
  });
  await Promise.all(writes);
}

function higher(one: QueuePast, other: QueuePast): QueuePast {
  return {
    commit: Math.max(one.commit, other.commit),
    marks: one.marks.map((mark, index) => Math.max(mark, other.marks[index] ?? 0)),
    suspectBeforeMs: 0,
    end: one.end,
  };
}

function place(queue: HeldQueue, group: string): ReturnType<typeof queueId> & { readonly group: string } {
  return { ...queueId(queue), group };
}

function queueId(
  { ref }: HeldQueue,
): { readonly topic: string; readonly brokerName: string; readonly queueId: number } {
  return { topic: ref.topic, brokerName: ref.broker, queueId: ref.id };
}

/** A queue's name for logs. */
export function nameOf({ ref }: HeldQueue): string {
  return `${ref.broker}/${ref.id}`;
}
