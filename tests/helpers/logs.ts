import { configure, type LogRecord, reset } from "@logtape/logtape";
import { LOG_ROOT } from "../../src/log/log.ts";

/** What this library logged while `work` ran. */
export async function recordLogs(work: () => void | Promise<void>): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { records: (record) => void records.push(record) },
    loggers: [
      { category: [LOG_ROOT], sinks: ["records"], lowestLevel: "debug" },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  try {
    await work();
  } finally {
    await reset();
  }
  return records;
}

/** The texts of the events, without their properties. */
export function eventsOf(records: readonly LogRecord[]): readonly string[] {
  return records.map(({ rawMessage }) => String(rawMessage));
}
