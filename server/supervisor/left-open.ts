import { codeOf } from '@llamactl/contract/reason';
import { closeSync, openSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { readProc } from './proc-file.ts';

/** Flag of descriptors that launched programs do not inherit. */
const CLOSE_ON_EXEC = 0o2_000_000;
const FIRST = 3;
/**
 * Highest descriptor that is checked. A process has higher ones only if its limit was raised, and {@link launchWithout}
 * lists all up to the last.
 */
const LAST = 1_023;

/**
 * Lists the descriptors that the program which started this process left open. `flock` and scripts hold a lock that way while
 * this process lives. This process and its successor keep them. An engine that outlives the server, or a tool that hangs, must
 * not inherit them: Node closes descriptors in children only up to the first free number above 15.
 *
 * @param folder Folder with one file per descriptor; only tests use another one.
 * @returns numbers from 3 to 1023; empty where the system does not report them
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
    if (codeOf(error) === null) throw error;
    return [];
  }
}

/**
 * Launches a child in which each of `descriptors` is `/dev/null`. Leaving them out of the list is not enough: the child would
 * inherit them.
 *
 * @param launch Gets the `stdio` entries after the first three.
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
