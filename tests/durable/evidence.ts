/** One thing that happened to a piece of work. */
export interface Fact {
  readonly is: "called" | "sent" | "answered" | "failed" | "began" | "ended" | "dead";
  readonly method: string;
  readonly label: string;
  /** Which life of the process wrote it. */
  readonly life: number;
  /** Of a failure: its outcome; of a dead letter: its reason. */
  readonly what?: string | undefined;
}

/** Writes facts to a file, each before the process goes on: a SIGKILL loses none. */
export class Evidence implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #life: number;
  readonly #encoder = new TextEncoder();

  constructor(path: string, life: number) {
    this.#file = Deno.openSync(path, { create: true, append: true });
    this.#life = life;
  }

  note(is: Fact["is"], method: string, label: string, what?: string): void {
    const fact: Fact = { is, method, label, life: this.#life, what };
    this.#file.writeSync(this.#encoder.encode(JSON.stringify(fact) + "\n"));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** All facts, in the order in which they came about. */
export async function factsIn(path: string): Promise<readonly Fact[]> {
  const lines = (await Deno.readTextFile(path)).split("\n");
  return lines.filter((line) => line !== "").map((line): Fact => JSON.parse(line));
}
