/** One planted bug: a piece of a source file, and what stands there instead. */
export interface Mutation {
  readonly name: string;
  /** Relative to the root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The first seed that found it when it was planted last: where to begin. Others find it too. */
  readonly from: number;
}

/** Bugs that a runtime like this one may have, and that no test of a single part may show. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: "no suspects: what an earlier owner may have started runs as if nobody had",
    file: "src/server/attempts.ts",
    find: "return starts > 0 || started === true;",
    replace: "return starts < 0 && started === true;",
    from: 29,
  },
  {
    name: "ack before reply: the message is settled before its answer is safe",
    file: "src/server/conclusions.ts",
    find: "    this.#shared.replier.send(new CallReply(call, reply, this.#live, this.#shared));",
    replace:
      "    this.#shared.replier.send(Object.assign(new CallReply(call, reply, this.#live, this.#shared), { done: () => {} }));\n" +
      "    this.#live.settle(call);",
    from: 143,
  },
  {
    name: "no fence on commit: who has lost a queue settles what it was doing",
    file: "src/server/hand_over.ts",
    find: "    this.#what.live.remove(call);\n",
    replace: "    this.#what.live.settle(call);\n",
    from: 11,
  },
  {
    name: "window lost too early: a call is forgotten as soon as it is answered",
    file: "src/server/conclusions.ts",
    find: "    if (isRetryable(reply)) window.forget(call.id);",
    replace: "    window.forget(call.id);",
    from: 5,
  },
  {
    name: "retry of unsafe methods: what crashed runs again, whatever its method promises",
    file: "actors/cells/run.ts",
    find: "if (!call.settings.idempotent || call.attempt >= ATTEMPTS",
    replace: "if (call.attempt >= ATTEMPTS",
    from: 2,
  },
];
