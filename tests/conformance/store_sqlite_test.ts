import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { SqliteStore, sqliteStore } from "../../src/store/sqlite_store.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { claimOf, storeSuite, workOf } from "./store_suite.ts";

storeSuite("sqliteStore", async () => {
  const clock = new ManualClock();
  const folder = await Deno.makeTempDir();
  const opened: SqliteStore[] = [];
  return {
    clock,
    open() {
      const store = new SqliteStore(`${folder}/outcomes.db`, { clock });
      opened.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
});

/** Runs another process on the file, and gives its exit code and what it printed. */
async function race(path: string, ...args: readonly string[]): Promise<{ code: number; text: string }> {
  const program = fileURLToPath(new URL("store_racer.ts", import.meta.url));
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-read", "--allow-write", program, path, ...args],
    stdout: "piped",
    stderr: "inherit",
  }).output();
  return { code, text: new TextDecoder().decode(stdout) };
}

async function withFile(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(`${folder}/outcomes.db`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("sqliteStore gives each piece of work to one of two processes on one file", () =>
  withFile(async (path) => {
    const works = 1_000;
    const names = ["one", "two"];
    const ran = await Promise.all([
      race(path, String(works), "one", "two"),
      race(path, String(works), "two", "one"),
    ]);
    assert.deepEqual(ran.map(({ code }) => code), [0, 0]);
    const did: readonly (readonly string[])[] = ran.map(({ text }) => JSON.parse(text));
    assert.ok(did.every(({ length }) => length > 0), "both had a part in it");
    assert.deepEqual(did.flat().sort(), Array.from({ length: works }, (_, index) => `k${index}`).sort());
    await using store = sqliteStore(path);
    for (const [index, name] of names.entries()) {
      const outcome = new TextEncoder().encode(name);
      for (const key of did[index] ?? []) {
        assert.deepEqual(await store.find(workOf(key)), { kind: "finished", outcome });
      }
    }
  }));

Deno.test("sqliteStore lets a process take over what another one died in, once its lease has ended", () =>
  withFile(async (path) => {
    assert.equal((await race(path, "die")).code, 9);
    await using store = sqliteStore(path);
    const kinds = new Set<string>();
    for (;;) {
      const begun = await store.begin(workOf("left"), { leaseMs: 60_000, takeOver: true });
      kinds.add(begun.kind);
      if (begun.kind === "running") continue;
      assert.ok(await store.finish(claimOf(begun), Uint8Array.of(1)));
      break;
    }
    assert.ok(kinds.has("begun") && kinds.size <= 2);
  }));
