/** A path in a folder of its own, which goes with everything in it when this is disposed. */
export class TemporaryFile implements Disposable {
  readonly folder: string = Deno.makeTempDirSync({ prefix: "rocket-actors-" });
  readonly path: string = `${this.folder}/broker.db`;

  /** The names of what stands in the folder. */
  get names(): readonly string[] {
    return [...Deno.readDirSync(this.folder)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}
