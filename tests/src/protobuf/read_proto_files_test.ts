import assert from "node:assert/strict";
import { readProtoFiles } from "rocket-actors/protobuf";

const M = 'syntax = "proto3"; message M {}';

/** A folder with files, which are gone when it is disposed of. */
class Folder implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync({ prefix: "rocket-actors-proto-" });

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) {
      const path = `${this.path}/${name}`;
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(path, text);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.path, { recursive: true });
  }
}

Deno.test("readProtoFiles reads a file and what it imports, each once, from the first root that has it", async () => {
  await using folder = new Folder({
    "one/bank/p.proto":
      'import "common/m.proto";\nimport public "bank/q.proto"; import "google/protobuf/empty.proto"; import "rocket_actors/options.proto";',
    "one/bank/q.proto": 'import weak "common/m.proto"; import "bank/p.proto";',
    "two/common/m.proto": M,
    "two/bank/q.proto": "not this one",
  });
  const roots = [`${folder.path}/one`, `${folder.path}/two`];
  const files = await readProtoFiles("bank/p.proto", { roots });
  assert.deepEqual(Object.keys(files), ["bank/p.proto", "common/m.proto", "bank/q.proto"]);
  assert.equal(files["common/m.proto"], M);
  assert.match(files["bank/q.proto"] ?? "", /weak/);
  assert.deepEqual(
    Object.keys(await readProtoFiles(["common/m.proto", "bank/q.proto"], { roots })).length,
    3,
  );
});

Deno.test("readProtoFiles prefers files of the roots to those that are known anyway", async () => {
  await using folder = new Folder({
    "a.proto": 'import "google/protobuf/empty.proto";',
    "google/protobuf/empty.proto": "mine",
  });
  const files = await readProtoFiles("a.proto", { roots: [folder.path] });
  assert.equal(files["google/protobuf/empty.proto"], "mine");
});

Deno.test("readProtoFiles says which import it cannot find", async () => {
  await using folder = new Folder({
    "bank/p.proto": 'syntax = "proto3";\nimport "common/m.proto";',
    "file": "",
  });
  const roots = [folder.path];
  await assert.rejects(readProtoFiles("bank/p.proto", { roots }), {
    name: "TypeError",
    message: `Cannot use bank/p.proto, line 2: cannot read "common/m.proto": it is not in ${folder.path}: ` +
      "name the folder that imports are relative to",
  });
  await assert.rejects(
    readProtoFiles("nope.proto", { roots }),
    /^TypeError: Cannot read "nope\.proto": it is not in/,
  );
  await assert.rejects(readProtoFiles("bank", { roots }), /it is not in/);
  await assert.rejects(readProtoFiles("file/m.proto", { roots }), /it is not in/);
  await assert.rejects(readProtoFiles("a.proto", { roots: [`${folder.path}/none`] }), /it is not in/);
  await assert.rejects(readProtoFiles("a.proto", { roots: [] }), /give at least one root/);
});

Deno.test("readProtoFiles reads nothing outside of its roots", async () => {
  await using folder = new Folder({
    "secret.proto": M,
    "in/a.proto": 'import "../secret.proto";',
    "in/c.proto": 'import "link/secret.proto";',
    "inner.proto": M,
  });
  const roots = [`${folder.path}/in`];
  Deno.symlinkSync(folder.path, `${folder.path}/in/link`);
  Deno.symlinkSync(`${folder.path}/in/a.proto`, `${folder.path}/in/same.proto`);
  await assert.rejects(
    readProtoFiles("a.proto", { roots }),
    /a\.proto, line 1: cannot read "\.\.\/secret\.proto": its name must be/,
  );
  await assert.rejects(
    readProtoFiles("c.proto", { roots }),
    /cannot read "link\/secret\.proto": it is a link that leads out/,
  );
  for (
    const name of [
      "/etc/passwd",
      "../secret.proto",
      "./a.proto",
      "a/../a.proto",
      "c:\\a.proto",
      "a//b.proto",
      "",
    ]
  ) {
    await assert.rejects(readProtoFiles(name, { roots }), /its name must be relative to a root/, name);
  }
  // A folder whose name begins as the root's does is another folder.
  await assert.rejects(readProtoFiles("link/inner.proto", { roots }), /leads out/);
});

Deno.test("readProtoFiles reads no more than it should", async () => {
  const many = Object.fromEntries(Array.from({ length: 501 }, (_, index) => {
    return [`f${index}.proto`, index < 500 ? `import "f${index + 1}.proto";` : ""];
  }));
  await using folder = new Folder({ ...many, "large.proto": " ".repeat(8 * 1024 * 1024 + 1) });
  const roots = [folder.path];
  await assert.rejects(
    readProtoFiles("f0.proto", { roots }),
    /f499\.proto, line 1: cannot read "f500\.proto": more than 500 files/,
  );
  assert.equal(Object.keys(await readProtoFiles("f1.proto", { roots })).length, 500);
  await assert.rejects(readProtoFiles("large.proto", { roots }), /more than 500 files or 8388608 bytes/);
});
