import { addressTests } from "./transport_addresses.ts";
import { deliveryTests } from "./transport_deliveries.ts";
import { groupTests } from "./transport_groups.ts";
import { lifeTests } from "./transport_life.ts";
import { sendingTests } from "./transport_sending.ts";
import { settlingTests } from "./transport_settling.ts";
import { Stage, type TransportTest, type TransportUnderTest } from "./transport_stage.ts";

/**
 * What the transport port promises, on every transport. What a transport declares that it cannot do is tested to be
 * refused as the port says.
 */
export function transportSuite(under: TransportUnderTest): void {
  const test: TransportTest = (promise, run) =>
    Deno.test(`${under.name}: a transport ${promise}`, async () => {
      await using stage = new Stage(under, await under.open());
      await run(stage);
    });
  lifeTests(test, under.choosesQueues);
  sendingTests(test);
  deliveryTests(test);
  settlingTests(test, under);
  groupTests(test, under.ownership);
  addressTests(test);
}
