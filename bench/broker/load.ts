/** How a requester is driven. */
export type Load =
  /** So many calls are under way all the time, each followed by the next at once. */
  | { readonly kind: "closed"; readonly inFlight: number }
  /** So many calls begin each second, at even distances, whatever became of those before. */
  | { readonly kind: "open"; readonly perSecond: number };

/** What a requester is asked to do, as one line. */
export interface Command {
  readonly load: Load;
  /** Bytes of each body. */
  readonly body: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

/** The figure that rows of a table begin with. */
export function sizeOf(load: Load): number {
  return load.kind === "closed" ? load.inFlight : load.perSecond;
}

/** Says it in words. */
export function describeLoad(load: Load): string {
  return load.kind === "closed" ? `${load.inFlight} in flight` : `${load.perSecond} calls/s offered`;
}

/** Writes a command: `closed|open <calls in flight|calls per second> <bytes> <warm-up ms> <measured ms>`. */
export function writeCommand({ load, body, warmUpMs, measuredMs }: Command): string {
  return `${load.kind} ${sizeOf(load)} ${body} ${warmUpMs} ${measuredMs}`;
}

/**
 * Reads a command.
 *
 * @throws {TypeError} on anything else
 */
export function parseCommand(line: string): Command {
  const [kind, ...numbers] = line.trim().split(" ");
  const [size = NaN, body = NaN, warmUpMs = NaN, measuredMs = NaN] = numbers.map(Number);
  const known = kind === "closed" || kind === "open";
  if (!known || ![size, body, warmUpMs, measuredMs].every((number) => number >= 0)) {
    throw new TypeError(`Cannot read the command ${JSON.stringify(line)}`);
  }
  const load: Load = kind === "closed" ? { kind, inFlight: size } : { kind, perSecond: size };
  return { load, body, warmUpMs, measuredMs };
}
