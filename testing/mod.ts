/**
 * What tests are made with: services without a transport, and whole systems on a broker in memory, under virtual time,
 * with faults that are drawn from a seed and replay exactly.
 *
 * @module
 */

// A service alone.
export { type TestClient, testClient, type TestClientOptions } from "./test_client.ts";

// Time and chance.
export { type DriveOptions, VirtualClock } from "./virtual_clock.ts";
export { Seeded } from "./seeded.ts";

// Whole systems.
export { type Played, simulate, SimulationError, type SimulationOptions } from "./simulate.ts";
export type { World, WorldOptions } from "./world.ts";
export type { Process } from "./process.ts";
export type { Latency } from "./latency.ts";
export type { Trace } from "./trace.ts";

// What goes wrong.
export { type Fault, type Operation, type Step, STEPS, type Struck, textOfFault } from "./faults.ts";
export { drawFaults, type FaultRange, KINDS } from "./draw_faults.ts";
export { shrink } from "./shrink.ts";
