import type { TreeNode } from "../call/tree.ts";

/** What an instance has counted of one contract since it started to serve it. */
export interface ContractStats {
  /** The contract's name. */
  readonly contract: string;
  /** What became of its requests: unsettled, dead letters, duplicates and so on, by name. */
  readonly counts: Counts;
  /** Per method; of an entity one entry with the name `*`, since its methods share their actors. */
  readonly methods: readonly MethodStats[];
}

/** What an instance has counted of one method. */
export interface MethodStats {
  /** The method, or `*`. */
  readonly method: string;
  /** Calls in mailboxes, handlers at work, crashes, restarts and so on, by name. */
  readonly counts: Counts;
}

/** Numbers by name. */
export type Counts = Readonly<Record<string, number>>;

/** The numbers in a system's tree, contract by contract. */
export function statsOf(system: TreeNode): readonly ContractStats[] {
  return system.children.flatMap((node) => {
    if (node.kind !== "service" && node.kind !== "entity") return [];
    const methods = node.children.flatMap((child): MethodStats[] => {
      if (child.kind === "method") return [{ method: child.id, counts: countsOf(child) }];
      return child.kind === "intake" || child.kind === "cell"
        ? []
        : [{ method: "*", counts: countsOf(child) }];
    });
    const intake = node.children.find(({ kind }) => kind === "intake");
    return [{ contract: node.id, counts: intake === undefined ? {} : countsOf(intake), methods }];
  });
}

function countsOf({ details, restarts }: TreeNode): Counts {
  const numbers = Object.entries(details ?? {}).filter((entry): entry is [string, number] =>
    typeof entry[1] === "number"
  );
  return { ...Object.fromEntries(numbers), restarts };
}
