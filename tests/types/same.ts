/** Whether two types are the same. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** A claim about types: a line that stops being true stops the check. */
export function isTrue<_ extends true>(): void {}
