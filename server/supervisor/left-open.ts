import { closeSync, openSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { errorCode, readProc } from './proc-file.ts';

/** The flag of a descriptor that programs which are launched do not get. */
const CLOSE_ON_EXEC = 0o2_000_000;
const FIRST = 3;
/** More descriptors a process has only where somebody raised the limit; a child's have to be counted up to the last. */
const LAST = 1_023;

/**
 * Descriptors that whoever started us left open for us: `flock` and scripts hold a lock by one for as long as we live. They
 * are ours to keep, and a successor's; an engine that outlives us, or a tool that hangs, must not hold them. Node closes
 * them for what it launches only up to the first number above 15 that is free.
 *
 * @param folder Of descriptors, a file each; only tests have another one.
 * @returns numbers from 3 to 1023; none where the system does not tell
 */
export function leftOpen(folder = '/proc/self/fdinfo'): number[] {
  return numbersIn(folder).filter((descriptor) => {
    const text = readProc(path.join(folder, String(descriptor)));
    const flags = typeof text === 'string' ? null : /^flags:\s*(\d+)$/m.exec(text.toString('latin1'));
    return flags !== null && (Number.parseInt(flags[1] ?? '', 8) & CLOSE_ON_EXEC) === 0;
  });
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder)
      .map(Number)
      .filter((descriptor) => descriptor >= FIRST && descriptor <= LAST);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return [];
  }
}

/**
 * Launches a child that gets none of `descriptors`: each leads nowhere there. Leaving them out would not do, as a child
 * has what it is not told of.
 *
 * @param launch Is given what follows the child's three.
 */
export function launchWithout<Child>(
  descriptors: readonly number[],
  launch: (others: readonly (number | 'ignore')[]) => Child,
): Child {
  if (descriptors.length === 0) return launch([]);
  const nowhere = openSync('/dev/null', 'r+');
  try {
    const others = Array.from({ length: Math.max(...descriptors) + 1 - FIRST }, (_, index) =>
      descriptors.includes(index + FIRST) ? nowhere : 'ignore',
    );
    return launch(others);
  } finally {
    closeSync(nowhere);
  }
}
