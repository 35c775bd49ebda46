/** What became of hostile input. Every field but `sent` is a fate; together they are as many. */
export interface Tally {
  sent: number;
  answered: number;
  deadLettered: number;
  /** One-way calls whose handler ran. */
  ran: number;
  /** Seen by a counter that the tree shows, or thrown as an error that says so. */
  counted: number;
}

/** None yet. */
export function emptyTally(): Tally {
  return { sent: 0, answered: 0, deadLettered: 0, ran: 0, counted: 0 };
}

/** Fates that are known. */
export function fates({ answered, deadLettered, ran, counted }: Tally): number {
  return answered + deadLettered + ran + counted;
}

/** Adds one to the other. */
export function add(sum: Tally, more: Tally): void {
  for (const field of ["sent", "answered", "deadLettered", "ran", "counted"] as const) {
    sum[field] += more[field];
  }
}
