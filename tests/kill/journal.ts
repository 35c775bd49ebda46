/** A handler is about to begin. */
export interface Began {
  readonly is: "began";
  readonly pid: number;
  readonly atMs: number;
  readonly method: string;
  readonly label: string;
  readonly key: string;
  readonly callId: string;
  readonly idempotencyKey: string;
  readonly attempt: number;
}

/** A handler has ended: it answered, declined, crashed, or was told to stop. */
export interface Ended {
  readonly is: "ended";
  readonly pid: number;
  readonly method: string;
  readonly label: string;
  readonly key: string;
  readonly how: "answer" | "decline" | "crash" | "aborted";
}

/** A caller is about to call. */
export interface Called {
  readonly is: "called";
  readonly pid: number;
  readonly atMs: number;
  readonly method: string;
  readonly label: string;
  /** The piece of work that it is for. */
  readonly piece: string;
  readonly key: string;
  readonly timeoutMs: number | undefined;
  /** Set where several calls are one piece of work. */
  readonly idempotencyKey: string | undefined;
}

/** A caller learnt how a call ended. */
export interface Settled {
  readonly is: "settled";
  readonly pid: number;
  readonly atMs: number;
  readonly label: string;
  readonly code: string;
  /** Empty where it succeeded. */
  readonly outcome: string;
  readonly callId: string | undefined;
  readonly message: string;
}

/** A process is gone; what it had begun has ended with it. */
export interface Gone {
  readonly is: "gone";
  readonly pid: number;
}

/** Something that happened in a round. */
export type Entry = Began | Ended | Called | Settled | Gone;

/**
 * What the processes of a round write down, in one file: each entry is one write at the file's end, so that the order of
 * the lines is the order of what happened, over all processes, and a SIGKILL loses none.
 */
export class Journal implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #encoder = new TextEncoder();

  constructor(path: string) {
    this.#file = Deno.openSync(path, { create: true, append: true });
  }

  write(entry: Entry): void {
    this.#file.writeSync(this.#encoder.encode(JSON.stringify(entry) + "\n"));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Reads what was written so far, in order. */
export async function readJournal(path: string): Promise<readonly Entry[]> {
  const text = await Deno.readTextFile(path);
  // The last line may be on its way.
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.filter((line) => line !== "").map((line): Entry => JSON.parse(line));
}
