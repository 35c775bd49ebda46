import assert from "node:assert/strict";
import { Turns } from "../../../src/client/turns.ts";

class Fixture {
  readonly turns = new Turns<{ readonly line: string; readonly name: string }>();
  readonly gone: string[] = [];
  readonly #ones = new Map<string, { readonly line: string; readonly name: string }>();

  /** `a1` is one of line `a`. */
  one(name: string): { readonly line: string; readonly name: string } {
    const one = this.#ones.get(name) ?? { line: name.slice(0, 1), name };
    this.#ones.set(name, one);
    return one;
  }

  hold(...names: readonly string[]): void {
    for (const name of names) this.turns.hold(this.one(name));
  }

  ready(...names: readonly string[]): void {
    for (const name of names) this.turns.ready(this.one(name), () => this.gone.push(name));
  }
}

Deno.test("Turns lets one go at once where nobody waits before it", () => {
  const at = new Fixture();
  at.ready("a1", "a2");
  assert.deepEqual(at.gone, ["a1", "a2"]);
  assert.ok(at.turns.idle);
});

Deno.test("Turns lets those of a line go in the order in which they came, whenever they are ready", () => {
  const at = new Fixture();
  at.hold("a1", "a2");
  at.ready("a3", "a2");
  assert.deepEqual([at.gone, at.turns.idle], [[], false]);
  at.ready("a1");
  assert.deepEqual([at.gone, at.turns.idle], [["a1", "a2", "a3"], true]);
});

Deno.test("Turns lets nobody wait for another line", () => {
  const at = new Fixture();
  at.hold("a1", "b1");
  at.ready("b1", "c1", "a2");
  assert.deepEqual(at.gone, ["b1", "c1"]);
  at.ready("a1");
  assert.deepEqual(at.gone.slice(2), ["a1", "a2"]);
});

Deno.test("Turns lets those behind go once one has left, and forgets the line", () => {
  const at = new Fixture();
  at.hold("a1", "a1", "a2");
  at.ready("a3");
  at.turns.leave(at.one("a2"));
  assert.deepEqual(at.gone, []);
  at.turns.leave(at.one("a1"));
  assert.deepEqual([at.gone, at.turns.idle], [["a3"], true]);
  at.turns.leave(at.one("a1"));
  at.turns.leave(at.one("z1"));
  assert.ok(at.turns.idle);
});
