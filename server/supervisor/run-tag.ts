import { readProc } from './proc-file.ts';

/** Environment variable with the tag of a run. Workers inherit it, so it marks every process of the run. */
export const TAG_VARIABLE = 'LLAMACTL_RUN';

/**
 * Tag in the environment of a process.
 *
 * - `untagged`: the environment is readable and has no tag.
 * - `unclear`: it is empty, as for an instant during an exec.
 * - `unreadable`: the process belongs to another user, or its program has capabilities.
 * - `gone`: no such process, or a process that is exiting and has released its memory.
 */
export type TagReading = { tag: string } | 'untagged' | 'unclear' | 'unreadable' | 'gone';

export function readTag(pid: number): TagReading {
  const read = readProc(`/proc/${pid}/environ`);
  if (!(read instanceof Buffer)) return read === 'gone' ? 'gone' : 'unreadable';
  if (read.length === 0) return 'unclear';
  const tag = tagIn(read);
  return tag === null ? 'untagged' : { tag };
}

function tagIn(environment: Buffer): string | null {
  const needle = `${TAG_VARIABLE}=`;
  for (let at = environment.indexOf(needle); at !== -1; at = environment.indexOf(needle, at + 1)) {
    // skip the end of a longer name, or part of another variable's value
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, at);
    return environment.toString('latin1', at + needle.length, end === -1 ? environment.length : end);
  }
  return null;
}
