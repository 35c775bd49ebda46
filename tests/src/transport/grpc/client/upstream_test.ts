/**
 * What the thin client steps around. Each test fails once `rocketmq-client-nodejs` no longer has the defect that it is
 * about: then see whether the package's own way will do, and change the test.
 */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { fileURLToPath } from "node:url";
import definition from "npm:rocketmq-client-nodejs@1.0.8/proto/apache/rocketmq/v2/definition_pb.js";
import stubs from "npm:rocketmq-client-nodejs@1.0.8/proto/apache/rocketmq/v2/service_grpc_pb.js";
import {
  Endpoints,
  ExponentialBackoffRetryPolicy,
  MessageView,
  Producer,
  RpcClient,
  SimpleConsumer,
  StandardConsumeService,
  TelemetrySession,
} from "rocketmq-client-nodejs";
import { duration } from "../../../../../src/transport/grpc/client/protocol.ts";
import { until } from "../../../../helpers/settled.ts";

const PROTO = "npm:rocketmq-client-nodejs@1.0.8/proto/apache/rocketmq/v2/definition_pb.js";
const NOBODY = "127.0.0.1:1";
const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A stream of telemetry, as far as a session uses it. */
class FakeStream extends EventEmitter {
  write(): void {}
  end(): void {}
}

function openSession(): { session: TelemetrySession; streams: FakeStream[] } {
  const streams: FakeStream[] = [];
  const client = {
    clientId: "x",
    createTelemetryStream: () => streams[streams.push(new FakeStream()) - 1],
    settingsCommand: () => undefined,
  };
  // What a session asks of its client.
  const session = new TelemetrySession(client as never, new Endpoints(NOBODY), logger);
  return { session, streams };
}

Deno.test("upstream: a telemetry stream that is released has nobody left to take its error, which ends the process", () => {
  const { session, streams } = openSession();
  session.release();
  assert.throws(
    () => streams[0]?.emit("error", new Error("the connection is lost")),
    /the connection is lost/,
  );
});

Deno.test("upstream: a session that is released within a second of an error comes back to life", async () => {
  const { session, streams } = openSession();
  streams[0]?.emit("error", new Error("the connection is lost"));
  session.release();
  await until(() => streams.length === 2);
});

Deno.test("upstream: startup() misses settings that come while it looks up its routes, and waits on", async () => {
  class Early extends Producer {
    protected override updateRoutes(): Promise<void> {
      const policy = new definition.RetryPolicy().setMaxAttempts(3).setExponentialBackoff(
        new definition.ExponentialBackoff().setInitial(duration(1_000)).setMax(duration(1_000)).setMultiplier(
          1,
        ),
      );
      const settings = new definition.Settings().setPublishing(new definition.Publishing()).setBackoffPolicy(
        policy,
      );
      this.onSettingsCommand(new Endpoints(NOBODY), settings);
      return Promise.resolve();
    }
  }
  const producer = new Early({ endpoints: NOBODY, namespace: "", topic: "T", logger });
  let started = false;
  void producer.startup().then(() => started = true);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(!started);
  await producer.shutdown();
});

Deno.test("upstream: several endpoints are one that nobody can resolve, IPv6 is none, and the default port is 80", () => {
  assert.equal(new Endpoints("10.0.0.5:8081;10.0.0.6:8081").getGrpcTarget(), "10.0.0.5:8081,10.0.0.6:8081");
  assert.notEqual(new Endpoints("[::1]:8081").addressesList[0]?.port, 8_081);
  assert.equal(new Endpoints("proxy").addressesList[0]?.port, 80);
});

Deno.test("upstream: channels have no keepalive, gRPC's own back-off, and take nothing larger than 4 MiB", () => {
  const original = stubs.MessagingServiceClient;
  const given: unknown[][] = [];
  class Recorded {
    constructor(...values: unknown[]) {
      given.push(values);
    }
    close(): void {}
  }
  // The package looks it up at each use.
  stubs.MessagingServiceClient = Recorded as never;
  try {
    new RpcClient(new Endpoints(NOBODY), false).close();
  } finally {
    stubs.MessagingServiceClient = original;
  }
  assert.deepEqual(given.map(([, , options]) => options), [undefined]);
});

Deno.test("upstream: a back-off in seconds is taken for milliseconds, and loses its fractions", () => {
  const backoff = new definition.ExponentialBackoff().setMultiplier(2);
  backoff.setInitial(duration(5_500));
  backoff.setMax(duration(60_000));
  const policy = new ExponentialBackoffRetryPolicy(3).inheritBackoff(
    new definition.RetryPolicy().setMaxAttempts(3).setExponentialBackoff(backoff),
  );
  assert.equal(policy.getNextAttemptDelay(1), 5);
});

Deno.test("upstream: messages are sent and settled one by one", () => {
  assert.deepEqual(methodsOf(Producer, /send/i), ["send"]);
  assert.deepEqual(methodsOf(SimpleConsumer, /ack/i), ["ack"]);
});

Deno.test("upstream: one message without a digest throws away all that were received with it", () => {
  const message = new definition.Message().setSystemProperties(new definition.SystemProperties());
  assert.throws(() => new MessageView(message), TypeError);
});

Deno.test("upstream: what consumes logs to a file in the home directory, whatever logger it is given", () => {
  assert.match(StandardConsumeService.toString(), /logger = \(0, \w+\.getDefaultLogger\)\(\)/);
});

Deno.test("upstream: the names of generated messages are no exports, though their types say so", async () => {
  const module: object = await import(PROTO);
  assert.deepEqual(["default" in module, "Broker" in module], [true, false]);
});

Deno.test("upstream: loading it takes native code", async () => {
  const permissions = ["env", "sys", "read", "write", "net"].map((name) => `--allow-${name}`);
  const program = 'await import("npm:rocketmq-client-nodejs@1.0.8")';
  // With the project's lock file, so that nothing is looked up.
  const config = fileURLToPath(new URL("../../../../../deno.json", import.meta.url));
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--cached-only", "--no-prompt", `--config=${config}`, ...permissions],
      `data:application/javascript,${encodeURIComponent(program)}`,
    ],
    stdout: "null",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  assert.ok(!success);
  assert.match(new TextDecoder().decode(stderr), /native binding|ffi/);
});

Deno.test("upstream: shutdown() fails while the proxy is away, and leaves all open", {
  // So do the timers of its channel.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  class Away extends Producer {
    there = [new Endpoints(NOBODY)];
    protected override getTotalRouteEndpoints(): Endpoints[] {
      return this.there;
    }
  }
  const producer = new Away({ endpoints: NOBODY, namespace: "", logger });
  await producer.startup();
  await assert.rejects(producer.shutdown(), { code: 14 });
  producer.there = [];
  await producer.shutdown();
});

// deno-lint-ignore no-explicit-any -- any class
function methodsOf(type: abstract new (...values: any[]) => object, name: RegExp): string[] {
  return Object.getOwnPropertyNames(type.prototype).filter((one) => name.test(one));
}
