import assert from "node:assert/strict";
import { sharedNameServer } from "../broker/shared.ts";
import { examples, fits, run } from "./example.ts";

for (const { file, prints } of examples()) {
  Deno.test(`examples/${file} prints the same on RocketMQ`, async () => {
    const nameServer = sharedNameServer();
    const text = await run(file, "--name-server", nameServer);
    const expected = prints.replace("the embedded broker", `RocketMQ at ${nameServer}`);
    if (!fits(text, expected)) assert.equal(text, expected);
  });
}
