import { readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { isBundled } from "./bundled.ts";
import { protoError, type ProtoPlace } from "./proto_error.ts";
import { ProtoPlaces } from "./proto_places.ts";
import type { ProtoFiles } from "./proto_schema.ts";

/** Where `.proto` files are looked for. */
export interface ReadProtoOptions {
  /**
   * Folders that imports are relative to, as protoc's `--proto_path`; the first that has a file gives it. Nothing outside
   * of them is read, also not through symbolic links. Default: the working directory.
   */
  readonly roots?: readonly string[] | undefined;
}

/** Files of one contract, at most, and their bytes together. */
const MAX_FILES = 500;
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Reads .proto files, and those that they import, for `contractFromProto`. What that knows by itself need not be there.
 *
 * @param names relative to one of the roots, with `/`: `bank/payments.proto`
 * @throws {TypeError} naming file and line, when a file is not there, its name leads out of the roots, or there are more
 * than 500 files or 8 MiB
 */
export async function readProtoFiles(
  names: string | readonly string[],
  options: ReadProtoOptions = {},
): Promise<ProtoFiles> {
  const reader = new Reader(options.roots ?? ["."]);
  for (const name of typeof names === "string" ? [names] : names) await reader.read(name, undefined);
  return reader.files;
}

class Reader {
  readonly files: Record<string, string> = {};
  readonly #roots: readonly string[];
  #bytes = 0;

  constructor(roots: readonly string[]) {
    if (roots.length === 0) throw new TypeError("Cannot read .proto files: give at least one root");
    this.#roots = roots;
  }

  /** Reads a file and what it imports. By: the import that asks for it. */
  async read(name: string, by: ProtoPlace | undefined): Promise<void> {
    // Each file with the import that asks for it first, so that no import chain is too deep.
    const waiting: { readonly name: string; readonly by: ProtoPlace | undefined }[] = [{ name, by }];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (Object.hasOwn(this.files, next.name)) continue;
      const text = await this.#text(next.name, next.by);
      if (text === undefined) continue;
      this.files[next.name] = text;
      const places = new ProtoPlaces(text);
      for (const path of places.imports) {
        waiting.push({ name: path, by: { file: next.name, line: places.lineOfImport(path) } });
      }
    }
  }

  async #text(name: string, by: ProtoPlace | undefined): Promise<string | undefined> {
    checkName(name, by);
    for (const root of this.#roots) {
      const path = await inside(root, name, by);
      if (path !== undefined) return await this.#load(path, name, by);
    }
    if (isBundled(name)) return undefined;
    throw refused(
      name,
      by,
      `it is not in ${this.#roots.join(", ")}: name the folder that imports are relative to`,
    );
  }

  async #load(path: string, name: string, by: ProtoPlace | undefined): Promise<string> {
    this.#bytes += (await stat(path)).size;
    if (Object.keys(this.files).length >= MAX_FILES || this.#bytes > MAX_BYTES) {
      throw refused(
        name,
        by,
        `more than ${MAX_FILES} files or ${MAX_BYTES} bytes: name a file that imports less`,
      );
    }
    return await readFile(path, "utf8");
  }
}

function checkName(name: string, by: ProtoPlace | undefined): void {
  const steps = name.split("/");
  if (/[\\\0:]/.test(name) || steps.some((step) => step === "" || step === "." || step === "..")) {
    throw refused(name, by, "its name must be relative to a root, with / and without ..");
  }
}

/** Where a file of a root is, or `undefined` when there is none. */
async function inside(root: string, name: string, by: ProtoPlace | undefined): Promise<string | undefined> {
  try {
    const folder = await realpath(root);
    const path = await realpath(join(folder, name));
    if (!path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
      throw refused(name, by, `it is a link that leads out of ${root}`);
    }
    return (await stat(path)).isFile() ? path : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) {
      return undefined;
    }
    throw error;
  }
}

function refused(name: string, by: ProtoPlace | undefined, what: string): TypeError {
  if (by === undefined) return new TypeError(`Cannot read "${name}": ${what}`);
  return protoError(by, `cannot read "${name}": ${what}`);
}
