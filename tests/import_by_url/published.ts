import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What a published version holds of the sources: everything else is refused, `..` and escapes included. */
const PUBLIC_PATH = /^\/(?:mod\.ts|(?:src|actors)\/(?:[A-Za-z0-9_]+\/)*[A-Za-z0-9_]+\.ts)$/;

/** The working tree behind HTTP, as a host of raw files would serve it. */
export class PublishedTree implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #served: string[] = [];
  readonly #refused: string[] = [];

  /** Serves it on a free port of the loopback address. */
  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(new URL(request.url).pathname),
    );
  }

  /** host:port. */
  get host(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  /** Paths that were asked for and given, in order. */
  get served(): readonly string[] {
    return this.#served;
  }

  /** Paths that were asked for and are not public, or do not exist. */
  get refused(): readonly string[] {
    return this.#refused;
  }

  /** Stops serving. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }

  async #answer(path: string): Promise<Response> {
    const text = PUBLIC_PATH.test(path) ? await readIfFile(ROOT + path.slice(1)) : undefined;
    if (text === undefined) {
      this.#refused.push(path);
      return new Response("not found", { status: 404 });
    }
    this.#served.push(path);
    return new Response(text, { headers: { "content-type": "application/typescript; charset=utf-8" } });
  }
}

async function readIfFile(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
