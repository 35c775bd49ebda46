/**
 * Makes a list that fails as short as it gets: no item of what is left can be taken out without it ceasing to fail.
 * Tries large parts first.
 *
 * @param items what fails
 * @param fails whether some of them fail too; they keep their order
 * @param tries how often to ask at most. Default: 1,000
 * @returns the shortest list found
 */
export async function shrink<T>(
  items: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
  tries = 1_000,
): Promise<readonly T[]> {
  let left = [...items];
  let asked = 0;
  for (let size = Math.max(1, left.length); size >= 1; size = Math.floor(size / 2)) {
    let shorter = true;
    while (shorter) {
      shorter = false;
      for (let at = 0; at < left.length; at += size) {
        if (asked++ >= tries) return left;
        const without = [...left.slice(0, at), ...left.slice(at + size)];
        if (!await fails(without)) continue;
        left = without;
        shorter = true;
        at -= size;
      }
    }
  }
  return left;
}
