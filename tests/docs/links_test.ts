import assert from "node:assert/strict";

const root = new URL("../../", import.meta.url);

/** Pages for users, by their path from the root. */
async function pages(): Promise<string[]> {
  const found = ["README.md", "CHANGELOG.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", root))) {
    if (name.endsWith(".md")) found.push(`docs/${name}`);
  }
  return found;
}

/** The anchors of a page's headings. */
function anchorsOf(text: string): string[] {
  const prose = text.replaceAll(/^```[^]*?^```/gm, "");
  return [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-")
  );
}

Deno.test("links between pages lead to files and headings that there are, and every page is listed in README.md", async () => {
  const linked = new Set<string>();
  for (const page of await pages()) {
    const text = await Deno.readTextFile(new URL(page, root));
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const url = new URL(target, new URL(page, root));
      const anchor = url.hash.slice(1);
      url.hash = "";
      const there = await Deno.stat(url).then(() => true, () => false);
      assert.ok(there, `${page} links to ${target}`);
      if (page === "README.md") linked.add(url.href.slice(root.href.length));
      if (anchor === "") continue;
      const anchors = anchorsOf(await Deno.readTextFile(url));
      assert.ok(anchors.includes(anchor), `${page} links to ${target}; there are ${anchors.join(", ")}`);
    }
  }
  assert.deepEqual((await pages()).filter((page) => page !== "README.md" && !linked.has(page)), []);
});
