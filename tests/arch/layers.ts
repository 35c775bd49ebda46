/** One layer: the files it holds, and the layers it may import besides itself. */
export interface Layer {
  readonly name: string;
  /** Path prefixes, relative to the root; the longest match over all layers counts. */
  readonly paths: readonly string[];
  readonly mayImport: readonly string[];
}

const FOUNDATION = ["errors", "async", "bytes", "collections", "log", "deps"];

/** Who may know whom: knowledge goes downwards only. The table is `docs/architecture.md`'s, as data. */
export const LAYERS: readonly Layer[] = [
  { name: "errors", paths: ["src/errors/"], mayImport: [] },
  { name: "deps", paths: ["src/deps/"], mayImport: [] },
  { name: "async", paths: ["src/async/"], mayImport: ["errors", "deps"] },
  { name: "bytes", paths: ["src/bytes/"], mayImport: ["errors", "deps"] },
  { name: "collections", paths: ["src/collections/"], mayImport: [] },
  { name: "log", paths: ["src/log/"], mayImport: ["errors", "deps"] },
  { name: "contract", paths: ["src/contract/"], mayImport: ["errors", "codec"] },
  { name: "call", paths: ["src/call/"], mayImport: ["errors", "contract"] },
  { name: "codec", paths: ["src/codec/"], mayImport: ["errors", "bytes", "deps"] },
  { name: "sqlite", paths: ["src/sqlite/"], mayImport: [] },
  { name: "store", paths: ["src/store/"], mayImport: ["sqlite", "errors", "async"] },
  { name: "transport", paths: ["src/transport/"], mayImport: ["errors", "async", "bytes", "deps"] },
  {
    name: "envelope",
    paths: ["src/envelope/"],
    mayImport: ["errors", "bytes", "call", "codec", "transport"],
  },
  { name: "rocketmq", paths: ["src/rocketmq/"], mayImport: FOUNDATION },
  { name: "embedded", paths: ["src/transport/embedded/"], mayImport: ["transport", "sqlite", ...FOUNDATION] },
  {
    name: "remoting",
    paths: ["src/transport/remoting/"],
    mayImport: ["transport", "rocketmq", ...FOUNDATION],
  },
  { name: "grpc_client", paths: ["src/transport/grpc/client/"], mayImport: ["transport", ...FOUNDATION] },
  {
    name: "grpc",
    paths: ["src/transport/grpc/"],
    mayImport: ["transport", "grpc_client", ...FOUNDATION],
  },
  {
    name: "client",
    paths: ["src/client/"],
    mayImport: ["envelope", "call", "contract", "codec", "transport", ...FOUNDATION],
  },
  {
    name: "server",
    paths: ["src/server/"],
    mayImport: ["envelope", "call", "contract", "codec", "store", "transport", ...FOUNDATION],
  },
  {
    name: "protobuf",
    paths: ["src/protobuf/"],
    mayImport: ["contract", "codec", "errors", "deps"],
  },
  {
    name: "services",
    paths: ["src/services/"],
    mayImport: ["call", "contract", "errors"],
  },
  {
    name: "observe",
    paths: ["src/observe/"],
    mayImport: ["errors", "async", "deps", "contract", "call"],
  },
  {
    name: "cell",
    paths: ["actors/cells/", "actors/actor.ts", "actors/handlers.ts"],
    mayImport: ["supervision", "errors", "async", "log", "contract", "call"],
  },
  {
    name: "supervision",
    paths: ["actors/supervision/"],
    mayImport: ["errors", "async", "log", "call"],
  },
  {
    name: "actors",
    paths: ["actors/"],
    mayImport: [
      "cell",
      "supervision",
      "services",
      "observe",
      "client",
      "server",
      "envelope",
      "call",
      "contract",
      "codec",
      "store",
      "transport",
      ...FOUNDATION,
    ],
  },
  {
    name: "testing",
    paths: ["testing/"],
    mayImport: [
      "actors",
      "cell",
      "supervision",
      "embedded",
      "client",
      "server",
      "envelope",
      "call",
      "contract",
      "codec",
      "store",
      "transport",
      ...FOUNDATION,
    ],
  },
  {
    name: "public",
    paths: ["mod.ts"],
    mayImport: [
      "actors",
      "cell",
      "supervision",
      "services",
      "observe",
      "embedded",
      "client",
      "server",
      "call",
      "contract",
      "codec",
      "store",
      "transport",
      ...FOUNDATION,
    ],
  },
];

/** The layer of a file, or `undefined` where it belongs to none. */
export function layerOf(path: string): Layer | undefined {
  let best: Layer | undefined;
  let length = 0;
  for (const layer of LAYERS) {
    for (const prefix of layer.paths) {
      if (path.startsWith(prefix) && prefix.length > length) {
        best = layer;
        length = prefix.length;
      }
    }
  }
  return best;
}

/** Says what is wrong with one file importing another, or `undefined`. */
export function objection(from: string, to: string): string | undefined {
  const source = layerOf(from);
  const target = layerOf(to);
  if (source === undefined) return `${from} belongs to no layer: add its folder to the table`;
  if (target === undefined) return `${from} imports ${to}, which belongs to no layer`;
  if (source === target || source.mayImport.includes(target.name)) return undefined;
  return `${from} (${source.name}) must not import ${to} (${target.name})`;
}
