import type { ProbeTls } from "./tls.ts";

const PROBE_TIMEOUT_MS = 2_000;
const GET_ROUTE = 105;
/** From version 401 on, the name server writes a route as standard JSON. */
const CLIENT_VERSION = 473;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface Answer {
  readonly code: number;
  readonly body: string;
}

/** Names of the brokers in the topic's route; empty when there is none or the name server does not answer. */
export async function brokersInRoute(
  nameServer: string,
  topic: string,
  tls?: ProbeTls,
): Promise<readonly string[]> {
  return (await brokerDatas(nameServer, topic, tls)).map(({ brokerName }) => String(brokerName));
}

/** Address of the broker with that name and id in the topic's route; undefined when it is not there. */
export async function addressInRoute(
  nameServer: string,
  topic: string,
  broker: { readonly name: string; readonly id: number },
  tls?: ProbeTls,
): Promise<string | undefined> {
  const datas = await brokerDatas(nameServer, topic, tls);
  const addresses = datas.find(({ brokerName }) => brokerName === broker.name)?.brokerAddrs;
  const address = isRecord(addresses) ? addresses[String(broker.id)] : undefined;
  return typeof address === "string" ? address : undefined;
}

/** Whether a name server, broker or proxy at that address answers a remoting frame, whatever it answers. */
export async function answersFrame(address: string, tls?: ProbeTls): Promise<boolean> {
  return await ask(address, "TBW102", tls) !== undefined;
}

/** Whether a server at that address answers the HTTP/2 preface, as a gRPC server does. */
export async function answersHttp2(address: string): Promise<boolean> {
  const emptySettings = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0);
  const preface = encoder.encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const frameType = await exchange(address, concat(preface, emptySettings), async (conn) => {
    const header = await readFully(conn, 9);
    return header[3];
  });
  return frameType === 4;
}

async function brokerDatas(
  nameServer: string,
  topic: string,
  tls: ProbeTls | undefined,
): Promise<readonly Record<string, unknown>[]> {
  const answer = await ask(nameServer, topic, tls);
  if (answer?.code !== 0) return [];
  const route: unknown = JSON.parse(answer.body);
  return isRecord(route) && Array.isArray(route.brokerDatas) ? route.brokerDatas.filter(isRecord) : [];
}

/** Sends GET_ROUTEINFO_BY_TOPIC; undefined when nobody answers. */
function ask(address: string, topic: string, tls: ProbeTls | undefined): Promise<Answer | undefined> {
  return exchange(address, routeRequest(topic), async (conn) => {
    const frame = await readFully(conn, new DataView((await readFully(conn, 4)).buffer).getUint32(0));
    const headerLength = new DataView(frame.buffer).getUint32(0) & 0xff_ffff;
    const header: unknown = JSON.parse(decoder.decode(frame.subarray(4, 4 + headerLength)));
    const code = isRecord(header) && typeof header.code === "number" ? header.code : -1;
    return { code, body: decoder.decode(frame.subarray(4 + headerLength)) };
  }, tls);
}

function routeRequest(topic: string): Uint8Array<ArrayBuffer> {
  const header = encoder.encode(JSON.stringify({
    code: GET_ROUTE,
    language: "OTHER",
    version: CLIENT_VERSION,
    opaque: 1,
    flag: 0,
    extFields: { topic, acceptStandardJsonOnly: "true" },
  }));
  const lengths = new DataView(new ArrayBuffer(8));
  lengths.setUint32(0, 4 + header.length);
  lengths.setUint32(4, header.length);
  return concat(new Uint8Array(lengths.buffer), header);
}

async function exchange<T>(
  address: string,
  request: Uint8Array<ArrayBuffer>,
  read: (conn: Deno.Conn) => Promise<T>,
  tls?: ProbeTls,
): Promise<T | undefined> {
  const conn = await connect(address, tls);
  if (conn === undefined) return undefined;
  // Closing the connection is what ends a read that got no answer.
  const timer = setTimeout(() => closeQuietly(conn), PROBE_TIMEOUT_MS);
  try {
    await conn.write(request);
    return await read(conn);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    closeQuietly(conn);
  }
}

async function connect(address: string, tls: ProbeTls | undefined): Promise<Deno.Conn | undefined> {
  const colon = address.lastIndexOf(":");
  const to = { hostname: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
  try {
    return tls === undefined ? await Deno.connect(to) : await Deno.connectTls({ ...to, ...tls });
  } catch {
    return undefined;
  }
}

async function readFully(conn: Deno.Conn, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await conn.read(bytes.subarray(filled));
    if (count === null) throw new Error("the connection ended within a frame");
    filled += count;
  }
  return bytes;
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Closed by the timer already.
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
