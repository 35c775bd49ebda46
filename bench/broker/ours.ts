import { fileURLToPath } from "node:url";
import { Program } from "../../tests/interop/program.ts";
import { expectLine, type Pair, PATIENCE_MS } from "./peer.ts";

/** Starts our requester and responder. */
export async function startOurs(
  name: "ours" | "unpacked",
  { nameServer, contract, body }: {
    readonly nameServer: string;
    /** A name that nobody has used. */
    readonly contract: string;
    /** Bytes of the body. */
    readonly body: number;
  },
): Promise<Pair> {
  const packing = name === "ours" ? "packed" : "unpacked";
  const responder = program("responder", [nameServer, contract, packing]);
  try {
    await expectLine(responder, "ready", PATIENCE_MS);
    const requester = program("requester", [nameServer, contract, packing, String(body)]);
    await expectLine(requester, "ready", PATIENCE_MS);
    return { name, requester, responder };
  } catch (error) {
    await responder[Symbol.asyncDispose]();
    throw error;
  }
}

function program(name: string, args: readonly string[]): Program {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  return new Program({ name: `${name}.ts`, command: Deno.execPath(), args: ["run", "-A", file, ...args] });
}
