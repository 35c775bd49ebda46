import type { Clock } from "../../async/clock.ts";
import type { RocketMqClient } from "../../rocketmq/client/client.ts";
import { pull, type PullRequest, type PullResult } from "../../rocketmq/client/pull.ts";
import { LOOK_AGAIN_MS, PULL_SUSPEND_MS, PULL_TIMEOUT_MS, REQUEST_TIMEOUT_MS } from "./defaults.ts";

/** What a held pull takes besides what is pulled. */
export interface HeldPullOptions {
  readonly clock: Clock;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** What it brought, and whether the broker has dealt with the pull that it held: with the commit on it, too. */
export interface HeldPullResult {
  readonly answer: PullResult;
  readonly dealtWith: boolean;
}

/**
 * Pulls, and lets the broker hold the pull until there is something. A broker looks for messages first and remembers the
 * pull then: one that is stored between the two wakes nobody, and waits for the broker's next round, up to five seconds
 * (RocketMQ: PullRequestHoldService). So once a pull has been held for a moment, a second look is taken.
 *
 * @throws {RocketMqError} as `pull()` does
 */
export function heldPull(
  client: RocketMqClient,
  address: string,
  request: Omit<PullRequest, "suspendMs">,
  { clock, signal }: HeldPullOptions,
): Promise<HeldPullResult> {
  return new Promise((resolve, reject) => {
    const held = { ...request, suspendMs: PULL_SUSPEND_MS };
    const timer = clock.after(LOOK_AGAIN_MS, () => {
      const again = { ...request, commitOffset: undefined, suspendMs: 0 };
      pull(client, address, again, { timeoutMs: REQUEST_TIMEOUT_MS, signal }).then(
        // What the held one brings later has been read then.
        (answer) => answer.messages.length > 0 && resolve({ answer, dealtWith: false }),
        // Where something is wrong, the held one tells.
        () => {},
      );
    });
    pull(client, address, held, { timeoutMs: PULL_TIMEOUT_MS, signal }).then(
      (answer) => {
        timer.cancel();
        resolve({ answer, dealtWith: true });
      },
      (error) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}
