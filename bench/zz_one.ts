import { createSystem, defineService, embedded, method } from "rocket-actors";
import process from "node:process";
const Echo = defineService("bench.Echo", { echo: method<unknown, unknown>({ safe: true }) });
await using system = await createSystem({ name: "bench", transport: embedded() });
await system.serve(Echo, { echo: (input) => input });
const { echo } = system.client(Echo);
const value = { text: "x".repeat(100), n: 1 };
await echo(value);
for (const inFlight of [1, 64]) {
  const out: string[] = [];
  for (let round = 0; round < 5; round++) {
    const N = inFlight === 1 ? 20_000 : 100_000;
    const t = performance.now(), c = process.cpuUsage();
    const loop = async () => {
      for (let i = 0; i < N / inFlight; i++) await echo(value);
    };
    await Promise.all(Array.from({ length: inFlight }, loop));
    const ms = performance.now() - t, u = process.cpuUsage(c);
    out.push((ms * 1000 / N).toFixed(1) + "/" + ((u.user) / N).toFixed(1));
  }
  console.log(inFlight, "wall/user us per call:", out.join(" "));
}
