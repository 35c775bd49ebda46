import { dispatch, query, type Ref, spawn, start as startNact, stop as stopNact } from "nact";
import { createSystem, embedded } from "rocket-actors";
import { type Body, echoContract } from "../broker/contract.ts";

const TIMEOUT_MS = 10_000;

/** Both ends of calls within this process. */
export interface Ends {
  readonly echo: (body: Body) => Promise<Body>;
  readonly stop: () => Promise<void>;
}

/** Something that is called within one process. */
export interface EmbeddedPeer {
  /** What it is, with the settings that matter, for the report. */
  readonly what: string;
  start(): Promise<Ends>;
}

const ours: EmbeddedPeer = {
  what:
    "rocket-actors on `embedded()` with its defaults, a `safe` method: bodies and headers as bytes in between, JSON",
  start: async () => {
    const contract = echoContract("bench.Echo", "ours");
    const system = await createSystem({ name: "bench", transport: embedded() });
    await system.serve(contract, { echo: (input) => input });
    const { echo } = system.client(contract);
    return { echo, stop: () => system.close() };
  },
};

interface Question {
  readonly body: Body;
  readonly sender: Ref<Body>;
}

const nact: EmbeddedPeer = {
  what:
    "nact 7.6.2: `query()` of an actor that answers by `dispatch()`, a timeout of 10 s; nothing is encoded",
  start: () => {
    const system = startNact();
    const actor = spawn(system, (answered: number | undefined, { body, sender }: Question) => {
      dispatch(sender, body);
      return (answered ?? 0) + 1;
    }, "echo");
    const echo = (body: Body) => query(actor, (sender: Ref<Body>) => ({ body, sender }), TIMEOUT_MS);
    const stop = () => {
      stopNact(system);
      return Promise.resolve();
    };
    return Promise.resolve({ echo, stop });
  },
};

/** Who can be measured, in the order in which they take turns. */
export const EMBEDDED_PEERS = { ours, nact } as const;

/** One of them. */
export type EmbeddedPeerName = keyof typeof EMBEDDED_PEERS;

/** Reads a name of one, or `undefined`. */
export function embeddedPeer(text: string): EmbeddedPeerName | undefined {
  return text === "ours" || text === "nact" ? text : undefined;
}
