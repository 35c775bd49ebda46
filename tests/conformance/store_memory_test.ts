import { MemoryStore } from "../../src/store/memory_store.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { storeSuite } from "./store_suite.ts";

storeSuite("memoryStore", () => {
  const clock = new ManualClock();
  const store = new MemoryStore({ clock });
  return Promise.resolve({ clock, open: () => store, [Symbol.asyncDispose]: () => Promise.resolve() });
});
