import { ATTEMPTS } from "../call/defaults.ts";
import { HEADER } from "../envelope/headers.ts";
import { decodePack } from "../envelope/pack.ts";
import { readReply, type Reply } from "../envelope/reply.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { StoredReply, Transport } from "../transport/transport.ts";
import { LOOKUPS_AT_ONCE } from "./defaults.ts";
import type { CallFacts } from "./received_call.ts";

const log = logger("callee");

/** What is to be done with a call that an earlier owner may have started. */
export type Verdict =
  /** Its reply is on the broker: send that again. */
  | { readonly kind: "answered"; readonly reply: Reply }
  /** Run it; alone where it may be what kills the process. */
  | { readonly kind: "run"; readonly alone: boolean }
  /** Never run it again. */
  | { readonly kind: "dead"; readonly reason: string };

/**
 * Decides about suspects: messages that were started before, by marks the earlier owner left. A stored reply
 * settles the question. Without one, only what is idempotent runs again, and the last attempt runs alone.
 */
export class Suspects {
  readonly #transport: Transport;
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];
  #saidOff = false;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Judges one call. Never rejects: a look-up that fails counts as nothing found. */
  async judge(facts: CallFacts): Promise<Verdict> {
    const reply = await this.#storedReply(facts);
    if (reply !== undefined) return { kind: "answered", reply };
    const { starts } = facts.delivery;
    if (starts >= ATTEMPTS) return { kind: "dead", reason: "attempts spent" };
    if (!facts.settings.idempotent) return { kind: "dead", reason: "may have run" };
    return { kind: "run", alone: starts === ATTEMPTS - 1 };
  }

  async #storedReply(facts: CallFacts): Promise<Reply | undefined> {
    if (!this.#transport.capabilities.storedReplies || facts.plain !== undefined) return undefined;
    if (facts.request.kind === "oneway") return undefined;
    await this.#enter();
    try {
      const stored = await this.#transport.storedReply(facts.request.id, facts.delivery);
      return stored === undefined ? undefined : replyOf(stored, facts.request.id);
    } catch (error) {
      if (!this.#saidOff) log.warn(EVENTS.callee.storedRepliesOff, { error });
      this.#saidOff = true;
      return undefined;
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#underWay < LOOKUPS_AT_ONCE) this.#underWay++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#underWay--;
    else next();
  }
}

/** The error that answers a call which is dead for that reason. */
export function deadAnswer(reason: string): RpcError {
  const message = reason === "may have run"
    ? "An earlier instance may have run this call and died; it is in the dead-letter queue"
    : "This call was started as often as allowed and never finished; it is in the dead-letter queue";
  return new RpcError("internal", message, { outcome: "sent_unknown" });
}

function replyOf(stored: StoredReply, id: string): Reply | undefined {
  const kind = stored.headers.get(HEADER.kind);
  // Whatever else was stored under the call's id is no answer, though it may be read as one.
  if (kind === "reply") return readReply(stored.headers, stored.headers, stored.body);
  if (kind !== "pack") return undefined;
  for (const entry of decodePack(stored.body)) {
    if (entry.headers.get(HEADER.id) === id) return readReply(stored.headers, entry.headers, entry.body);
  }
  return undefined;
}
