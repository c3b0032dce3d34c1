/**
 * Looks for fewer steps of a plan with which it fails still: leaves out halves, quarters, … single ones, again and again as
 * long as that helps. A plan that fails only now and then is shrunk less, never wrongly: what is returned has failed.
 *
 * @param fails Whether these steps, in this order, lead to the same fault.
 * @param isOver Whether there is no time left.
 */
export async function shrink<Step>(
  steps: readonly Step[],
  fails: (steps: readonly Step[]) => Promise<boolean>,
  isOver: () => boolean = () => false,
): Promise<readonly Step[]> {
  let left = steps;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let hasHelped = true; hasHelped;) {
      hasHelped = false;
      for (let start = 0; start < left.length;) {
        if (isOver()) return left;
        const fewer = [...left.slice(0, start), ...left.slice(start + size)];
        if (fewer.length > 0 && (await fails(fewer))) {
          left = fewer;
          hasHelped = size === 1;
        } else start += size;
      }
    }
  }
  return left;
}
