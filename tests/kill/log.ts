import { configure, type LogRecord } from "@logtape/logtape";

/** Writes what the library logs to a file, each record before the process goes on. */
export async function logTo(path: string): Promise<void> {
  const file = Deno.openSync(path, { create: true, append: true });
  const encoder = new TextEncoder();
  const sink = ({ timestamp, level, category, message, properties }: LogRecord) => {
    const { error, ...rest } = properties;
    const reason = error instanceof Error ? error.message : error;
    const text = [new Date(timestamp).toISOString(), level, category.join("."), message.join("")];
    file.writeSync(encoder.encode(`${text.join(" ")} ${JSON.stringify({ ...rest, reason })}\n`));
  };
  await configure({
    sinks: { file: sink },
    loggers: [
      { category: "rocket-actors", lowestLevel: "debug", sinks: ["file"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["file"] },
    ],
  });
}
