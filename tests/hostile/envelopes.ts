import type { Contract } from "rocket-actors";
import { topicOf } from "../../src/call/plan.ts";
import { cancelMessage } from "../../src/envelope/cancel.ts";
import { travelling } from "../../src/envelope/body.ts";
import { HEADER, type Headers } from "../../src/envelope/headers.ts";
import type { PackEntry } from "../../src/envelope/pack.ts";
import { type Request, requestHeaders, writeOwn, writeShared } from "../../src/envelope/request.ts";
import type { Message, PlainRequest } from "../../src/transport/transport.ts";
import { packOf } from "../helpers/packs.ts";
import { mutateBytes, noise } from "./bytes.ts";
import type { Dice } from "./dice.ts";
import { TARGETS } from "./targets.ts";
import { hostileText, mutateHeaders } from "./texts.ts";

/** Long enough that nothing expires, unless it is told to. */
const TIMEOUT_MS = 600_000;
/** How many ids are remembered, to be used again. */
const IDS_KEPT = 64;

/** A message that may be changed. */
interface Draft extends Omit<Message, "headers"> {
  tag: string;
  body: Uint8Array;
  headers: Map<string, string>;
  plain?: PlainRequest | undefined;
}

/** Makes hostile messages for class topics: valid requests, packs, plain requests and cancels, and what they are bent to. */
export class Envelopes {
  readonly #dice: Dice;
  readonly #replyTo: string;
  readonly #prefix: string;
  #ids: string[] = [];
  #made = 0;

  /**
   * @param replyTo where their sender gets its replies
   * @param prefix what all ids begin with
   */
  constructor(dice: Dice, replyTo: string, prefix: string) {
    this.#dice = dice;
    this.#replyTo = replyTo;
    this.#prefix = prefix;
  }

  /** Uses no id again that was used before. */
  forget(): void {
    this.#ids = [];
  }

  /** The next one. Its queue is any of its topic's. */
  next(): Message {
    const dice = this.#dice;
    const { contract, inputs } = dice.pick(TARGETS);
    const [first = "", ...others] = Object.keys(contract.methods);
    const tag = dice.pick([first, ...others]);
    const draft = this.#draft(contract, tag, inputs);
    for (let more = dice.below(4); more > 0; more--) this.#bend(draft);
    if (draft.body.length === 0) draft.body = noise(dice, 1);
    return draft;
  }

  #draft(contract: Contract, tag: string, inputs: readonly [unknown, ...unknown[]]): Draft {
    const drawn = this.#dice.next();
    const topic = topicOf(contract.name);
    if (drawn < 0.06) {
      const { headers, ...rest } = cancelMessage(this.#anyId(), tag);
      return { topic, ...rest, headers: new Map(headers) };
    }
    if (drawn < 0.10) return { topic, tag, keys: [], headers: new Map(), body: noise(this.#dice, 40) };
    const request = this.#request(contract, tag, inputs);
    const keys = [request.id];
    if (drawn < 0.18) return this.#plain(topic, tag, request);
    if (drawn < 0.36) return this.#pack(topic, tag, contract, inputs);
    return { topic, tag, keys, headers: requestHeaders(request), body: travelling(request.body) };
  }

  #request(contract: Contract, tag: string, inputs: readonly [unknown, ...unknown[]]): Request {
    const dice = this.#dice;
    const { codec, kind, methods, name } = contract;
    const input = dice.pick(inputs);
    const place = { contract: name, method: tag, part: "input" } as const;
    const oneway = methods[tag]?.kind === "oneway" && dice.chance(0.9);
    const stream = methods[tag]?.kind === "stream" ? dice.chance(0.9) : dice.chance(0.02);
    const suspect = dice.chance(0.02);
    return {
      id: this.#newId(),
      kind: oneway ? "oneway" : "request",
      attempt: suspect ? 1 + dice.below(5) : 1,
      started: suspect,
      deadlineMs: Date.now() + TIMEOUT_MS,
      timeoutMs: dice.chance(0.02) ? 1 : TIMEOUT_MS,
      type: codec.contentType,
      replyTo: oneway ? "" : this.#replyTo,
      key: kind === "entity" ? `key-${dice.below(1_000)}` : undefined,
      chain: dice.chance(0.1) ? ["a.B.c", `${name}.${tag}`] : [],
      trace: undefined,
      idempotencyKey: dice.chance(0.1) ? hostileText(dice) : undefined,
      from: "attacker/1",
      userHeaders: new Map([["tenant", "t"]]),
      body: codec.encode(input, place),
      ...(stream && { credit: { items: 1 + dice.below(100), bytes: 1 + dice.below(100_000) } }),
    };
  }

  #plain(topic: string, tag: string, { id, body }: Request): Draft {
    const dice = this.#dice;
    const plain: PlainRequest = {
      correlationId: dice.chance(0.8) ? id : hostileText(dice),
      ttlMs: dice.chance(0.7) ? TIMEOUT_MS : dice.pick([0, -1, 1, 0.5, 1e15, 1e300, Number.MAX_VALUE]),
      replyTo: dice.chance(0.9) ? this.#replyTo : hostileText(dice),
    };
    return { topic, tag, keys: [id], headers: new Map(), body: travelling(body), plain };
  }

  #pack(topic: string, tag: string, contract: Contract, inputs: readonly [unknown, ...unknown[]]): Draft {
    const dice = this.#dice;
    const entries: PackEntry[] = [];
    const headers = new Map([[HEADER.kind, "pack"]]);
    for (let more = 1 + dice.below(8); more > 0; more--) {
      const request = this.#request(contract, tag, inputs);
      if (entries.length === 0) writeShared(request, headers);
      const own = new Map<string, string>();
      writeOwn(request, own);
      if (dice.chance(0.2)) mutateHeaders(dice, own);
      const body = dice.chance(0.1) ? mutateBytes(dice, travelling(request.body)) : travelling(request.body);
      entries.push({ headers: printable(own), body });
      if (dice.chance(0.05)) entries.push({ headers: printable(own), body });
    }
    const keys = entries.map((entry) => entry.headers.get(HEADER.id) ?? "none");
    return { topic, tag, keys, headers, body: packOf(entries) };
  }

  #bend(draft: Draft): void {
    const dice = this.#dice;
    const drawn = dice.next();
    if (drawn < 0.5) mutateHeaders(dice, draft.headers);
    else if (drawn < 0.8) {
      draft.body = draft.body.length === 0 ? noise(dice, 8) : mutateBytes(dice, draft.body);
    } else if (drawn < 0.85) draft.tag = hostileText(dice);
    else if (drawn < 0.93) draft.headers.set(HEADER.id, this.#anyId());
    else {
      const { contract, inputs } = dice.pick(TARGETS);
      const [method = ""] = Object.keys(contract.methods);
      // A body of another contract's codec, in this one's name.
      draft.body = contract.codec.encode(dice.pick(inputs), {
        contract: contract.name,
        method,
        part: "input",
      });
    }
  }

  #newId(): string {
    const id = `${this.#prefix}${this.#made++}`;
    if (this.#ids.length < IDS_KEPT) this.#ids.push(id);
    else this.#ids[this.#dice.below(IDS_KEPT)] = id;
    return id;
  }

  /** One that was used before, lately. */
  #anyId(): string {
    return this.#ids[this.#dice.below(this.#ids.length)] ?? this.#newId();
  }
}

/** Heads of packs are ASCII: what is not would be refused where it is written. */
function printable(headers: Headers): Headers {
  return new Map([...headers].map(([name, value]) => [name, value.replaceAll(/[^\x20-\x7e]/g, "?")]));
}
