import { codeOf } from '@llamactl/contract/reason';
import { realpathSync } from 'node:fs';
import { isSea } from 'node:sea';
import path from 'node:path';

/** The command that launches this program again; its arguments follow. */
export interface OwnProgram {
  /** Absolute. */
  command: string;
  argv: readonly string[];
  /** Absolute path of the script that Node runs; `null` for the single executable. */
  script: string | null;
}

/** How a process was started. */
interface Started {
  /** With links resolved. */
  execPath: string;
  execArgv: readonly string[];
  argv: readonly string[];
  /** The name by which it was called. */
  argv0: string;
  env: Readonly<Record<string, string | undefined>>;
}

/** The bundle that the launcher of a checkout makes, and replaces after an update. */
const BUNDLE_OF_CHECKOUT = /^(.*)\/\.cache\/program\/current\/main\.js$/;

/**
 * Returns the command of this program: the current Node with its flags and script, or in a checkout with a bundle, the
 * launcher. For the single executable, it is the link that called it: after an update, the link leads to the new
 * version. The executable contains its flags.
 */
export function ownProgram(started: Started = process, isExecutable = isSea()): OwnProgram {
  const { execPath, execArgv, argv } = started;
  if (isExecutable) return { command: calledBy(started) ?? execPath, argv: [], script: null };
  const script = argv[1] ?? '';
  const [, checkout] = BUNDLE_OF_CHECKOUT.exec(script) ?? [];
  if (checkout !== undefined) {
    return { command: path.join(checkout, 'llamactl'), argv: [], script: path.join(checkout, 'cli', 'main.ts') };
  }
  return { command: execPath, argv: [...execArgv, script], script };
}

/**
 * Resolves the name by which the executable was called. `null`: it does not lead to this executable, as a caller can
 * pass any name.
 */
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
