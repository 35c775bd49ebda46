import { type Growth, MOST_GROWTH } from "./growth.ts";

/** How calls are made. */
export interface Load {
  /** Calls in all. */
  readonly calls: number;
  /** How many callers make them, one call after the other. */
  readonly callers: number;
  /** After how many calls the heap is looked at: the first time after the warm-up. */
  readonly lookEvery: number;
  /** One call; it is told which, from 0. */
  readonly call: (index: number) => Promise<unknown>;
}

/** Makes all calls, and looks at the heap at its steps while the callers go on. Ends early once it is too large. */
export async function drive({ calls, callers, lookEvery, call }: Load, growth: Growth): Promise<void> {
  let next = 0;
  let looking: Promise<void> | undefined;
  const caller = async () => {
    while (next < calls && growth.most < MOST_GROWTH) {
      const index = next++;
      await call(index);
      if ((index + 1) % lookEvery === 0) looking = (looking ?? Promise.resolve()).then(() => growth.look());
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  await looking;
}
