import type { TreeFailure } from "../../src/call/tree.ts";

/** Longest text of a failure in a tree, in characters. */
const MAX_MESSAGE = 512;

/** Makes a {@linkcode TreeFailure} of whatever was thrown. */
export function treeFailure(error: unknown, atMs: number): TreeFailure {
  return { message: messageOf(error).slice(0, MAX_MESSAGE), atMs };
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  try {
    return String(error);
  } catch {
    return "an error that has no text";
  }
}
