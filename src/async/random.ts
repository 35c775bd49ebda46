/** Where randomness comes from: a number in [0, 1). Injected, so that a test can replay it. */
export type Random = () => number;

/** The machine's own randomness: good for jitter and choices, not for secrets. */
export const systemRandom: Random = Math.random;
