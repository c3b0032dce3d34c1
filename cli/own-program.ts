import { isSea } from 'node:sea';

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
  execPath: string;
  execArgv: readonly string[];
  argv: readonly string[];
}

/** Node with the flags and the file that it runs now; or, of the single executable, that alone: it has its flags inside. */
export function ownProgram({ execPath, execArgv, argv }: Started = process, isExecutable = isSea()): OwnProgram {
  if (isExecutable) return { command: execPath, argv: [], script: null };
  const script = argv[1] ?? '';
  return { command: execPath, argv: [...execArgv, script], script };
}
