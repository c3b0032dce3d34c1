import { realpathSync } from 'node:fs';
import { isSea } from 'node:sea';
import path from 'node:path';
import { codeOf } from './reason.ts';

/** What launches this program anew, before words of its own. */
export interface OwnProgram {
  /** Absolute. */
  command: string;
  argv: readonly string[];
  /** What Node runs, absolute; `null`: the command is all there is. */
  script: string | null;
}

/** How a process was started. */
interface Started {
  /** Without links. */
  execPath: string;
  execArgv: readonly string[];
  argv: readonly string[];
  /** What it was called by. */
  argv0: string;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * Node with the flags and the file that it runs now; or, of the single executable, that alone: it has its flags inside. The
 * executable goes by the link that it was called by: after an update that leads to the new one.
 */
export function ownProgram(started: Started = process, isExecutable = isSea()): OwnProgram {
  const { execPath, execArgv, argv } = started;
  if (isExecutable) return { command: calledBy(started) ?? execPath, argv: [], script: null };
  const script = argv[1] ?? '';
  return { command: execPath, argv: [...execArgv, script], script };
}

/** `null`: what it was called by is another program, or none: a caller can say anything. */
function calledBy({ execPath, argv0, env }: Started): string | null {
  if (argv0 === '') return null;
  const folders = argv0.includes('/') ? ['.'] : (env['PATH'] ?? '').split(path.delimiter);
  const places = folders.map((folder) => path.resolve(folder, argv0));
  return places.find((place) => targetOf(place) === execPath) ?? null;
}

function targetOf(place: string): string | null {
  try {
    return realpathSync(place);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
