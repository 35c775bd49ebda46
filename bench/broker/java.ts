import { startJava } from "../../tests/interop/java.ts";
import { expectLine, type Pair, PATIENCE_MS } from "./peer.ts";

/** Starts the official client's requester and responder. */
export async function startJavaPair(
  { nameServer, topic, body }: {
    readonly nameServer: string;
    /** A name that nobody has used. */
    readonly topic: string;
    /** Bytes of the body. */
    readonly body: number;
  },
): Promise<Pair> {
  const responder = await startJava("BenchResponder", [nameServer, topic, `${topic}-group`]);
  try {
    await expectLine(responder, "ready", PATIENCE_MS);
    const requester = await startJava("BenchRequester", [nameServer, topic, String(body)]);
    await expectLine(requester, "ready", PATIENCE_MS);
    return { name: "java", requester, responder };
  } catch (error) {
    await responder[Symbol.asyncDispose]();
    throw error;
  }
}
