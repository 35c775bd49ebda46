import assert from "node:assert/strict";
import {
  type CallerSystem,
  type Client,
  createClient,
  createSystem,
  defineService,
  type HandlerContext,
  type ItemStream,
  method,
  type RpcError,
  type System,
  type,
} from "rocket-actors";
import { createDeferred } from "../../src/async/deferred.ts";
import { freshName } from "../broker/shared.ts";
import { capitals } from "../helpers/schemas.ts";
import { failureOf } from "../helpers/settled.ts";
import type { CallSuiteFixture } from "./call_suite.ts";

/** What produces the stream. */
type Handler = (
  input: unknown,
  context: HandlerContext,
) => AsyncIterable<unknown> | Iterable<unknown> & object;

/** A contract of its own for each test. */
function freshContract() {
  return defineService(freshName("Stream"), {
    read: method.stream<unknown, unknown>(),
    capital: method.stream<unknown, string, never, unknown, string>({ item: capitals }),
    short: method.stream<void, void, { Short: { missing: number } }>({ errors: { Short: type() } }),
    echo: method<unknown, unknown>({ safe: true }),
  });
}

type StreamContract = ReturnType<typeof freshContract>;

/** A server and a caller on a contract of their own. */
export class Streaming implements AsyncDisposable {
  readonly contract: StreamContract;
  readonly server: System;
  readonly caller: CallerSystem;

  private constructor(contract: StreamContract, server: System, caller: CallerSystem) {
    this.contract = contract;
    this.server = server;
    this.caller = caller;
  }

  /** Starts both; `read` produces the stream of that name. */
  static async start(fixture: CallSuiteFixture, read: Handler): Promise<Streaming> {
    const contract = freshContract();
    const server = await createSystem({ name: "server", transport: fixture.transport() });
    await server.serve(contract, {
      read,
      *capital() {
        yield* ["one", "BAD" as never, 7 as never, "two"];
      },
      *short(_, ctx) {
        yield undefined;
        throw ctx.error("Short", { missing: 5 });
      },
      echo: (input) => input,
    });
    const caller = await createClient({ name: "reader", transport: fixture.transport() });
    return new Streaming(contract, server, caller);
  }

  /** Calls with a deadline that no test needs. */
  get client(): Client<StreamContract> {
    return this.caller.client(this.contract, { timeoutMs: 20_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.caller.close();
    await this.server.close();
  }
}

/** Numbers from 1 to `to`, which tell what becomes of whoever makes them. */
export class Numbers {
  /** How many were made. */
  made = 0;
  /** Resolves when it was stopped or has come to its end. */
  readonly stopped = createDeferred<void>();

  /** Makes them. */
  async *upTo(to: number): AsyncGenerator<number> {
    try {
      while (this.made < to) yield await Promise.resolve(++this.made);
    } finally {
      this.stopped.resolve();
    }
  }
}

/** Reads a stream to its end. */
export async function allOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Reads a stream up to its failure. Gives what came before it, and the failure. */
export async function brokenOff<T>(stream: ItemStream<T>): Promise<readonly [T[], RpcError]> {
  const items: T[] = [];
  const failure = await failureOf((async () => {
    for await (const item of stream) items.push(item);
  })());
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
  return [items, failure];
}

/** The numbers from 1. */
export function counted(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
