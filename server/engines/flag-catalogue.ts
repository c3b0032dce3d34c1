import { reasonOf } from '@llamactl/contract/reason';
import { realpath, stat } from 'node:fs/promises';
import type { Clock } from '../instances/ports/time.ts';
import { parseHelp, type FlagCatalogue } from './flags.ts';
import type { FindProgram, RunTool } from './engine-ports.ts';

/** The program of an engine and its leading arguments. */
export interface Launcher {
  command: string;
  args: readonly string[];
}

/** The flags of an engine, or why they are unknown. */
export type LoadedFlags = { catalogue: FlagCatalogue; warning: null } | { catalogue: null; warning: string };

/** Reads the flags of engines from their `--help`, and caches them. */
export interface FlagCatalogues {
  /** The flags of the engine that is on disk now. Never rejects. Concurrent callers share one read. */
  load(launcher: Launcher): Promise<LoadedFlags>;
  /** Loads the flags unless they are known for the present file. For starts, which must not wait for `--version`. */
  learn(launcher: Launcher): Promise<void>;
  /** Whether a load has ended, whatever its result. */
  isLearnt(launcher: Launcher): boolean;
  /** How many loads have ended. */
  loads(): number;
  /** The flags that were read last, from the cache; `null`: never read. */
  known(launcher: Launcher): FlagCatalogue | null;
  /** The version that the program reported at the last load; `null`: none. */
  version(launcher: Launcher): string | null;
}

/** Builds with GPU support first search for devices, which can take seconds on a cold machine. */
const HELP_TIMEOUT_MS = 15_000;
/** The file may be an unchanged wrapper of a changed engine, so the version is read again after this. */
const VERSION_TTL_MS = 60_000;
/**
 * How long the result of checking a program's file is reused. So a document with a thousand instances needs one check.
 * A check takes ten system calls; a thousand checks were three quarters of the CPU time of an apply without changes.
 * A missing program counts too: a thousand searches of PATH took two seconds of CPU.
 */
const GLANCE_MS = 100;
/** The version in the output of `--version`, of which only this line is stable. */
const VERSION = /^version: (.+)$/m;
/** Pause after a program that failed to answer. */
const RETRY_AFTER_MS = 5_000;

interface Look {
  /** Path, time and size of the file, which identify the engine. */
  file: string;
  version: string;
  /** The version as a person reads it; `null`: not reported. */
  reported: string | null;
  at: number;
  flags: LoadedFlags;
}

/** The result of checking the file of a command. */
interface Glance {
  program: string;
  file: string;
}

/** @param searchPath Where to search for a command without a slash, as in PATH. */
export function createFlagCatalogues({
  runTool,
  findProgram,
  searchPath,
  clock,
}: {
  runTool: RunTool;
  findProgram: FindProgram;
  searchPath: string;
  clock: Pick<Clock, 'elapsed'>;
}): FlagCatalogues {
  const looks = new Map<string, Look>();
  const learnt = new Set<string>();
  let loads = 0;
  const pending = new Map<string, Promise<LoadedFlags>>();
  const catalogues = new Map<string, FlagCatalogue>();
  const keyOf = ({ command, args }: Launcher): string => JSON.stringify([command, ...args]);

  const glances = new Map<string, { at: number; found: Promise<Glance> }>();
  const glance = (command: string): Promise<Glance> => {
    const last = glances.get(command);
    if (last !== undefined && clock.elapsed() - last.at < GLANCE_MS) return last.found;
    const found = examine(command);
    glances.set(command, { at: clock.elapsed(), found });
    return found;
  };
  const examine = async (command: string): Promise<Glance> => {
    const program = await findProgram(command, searchPath);
    return { program, file: await fileIdentity(program) };
  };

  const look = async (key: string, { command, args }: Launcher): Promise<LoadedFlags> => {
    const { program, file } = await glance(command);
    const last = looks.get(key);
    const isSame = last?.file === file;
    if (isSame && clock.elapsed() - last.at < (last.flags.catalogue === null ? RETRY_AFTER_MS : VERSION_TTL_MS))
      return last.flags;
    const found = await ask(program, args, isSame ? last : null);
    looks.set(key, { ...found, file, at: clock.elapsed() });
    if (found.flags.catalogue !== null) catalogues.set(key, found.flags.catalogue);
    return found.flags;
  };

  /** Reads the version, and the help only if the version has changed. */
  const ask = async (
    program: string,
    args: readonly string[],
    last: Look | null,
  ): Promise<Pick<Look, 'version' | 'reported' | 'flags'>> => {
    const run = (flag: string) => runTool(program, [...args, flag], { timeoutMs: HELP_TIMEOUT_MS });
    try {
      const output = await run('--version');
      const version = JSON.stringify(output);
      const isKnown = last?.version === version && last.flags.catalogue !== null;
      if (isKnown) return last;
      const reported = VERSION.exec(`${output.stdout}\n${output.stderr}`)?.[1]?.trim() ?? null;
      return { version, reported, flags: readHelp(program, await run('--help')) };
    } catch (error) {
      return { version: '', reported: null, flags: unreadable(program, error) };
    }
  };

  const load = async (key: string, launcher: Launcher): Promise<LoadedFlags> => {
    try {
      return await look(key, launcher);
    } catch (error) {
      return unreadable(launcher.command, error);
    } finally {
      learnt.add(key);
      loads += 1;
      pending.delete(key);
    }
  };

  const isKnown = async ({ command, args }: Launcher): Promise<boolean> => {
    const last = looks.get(keyOf({ command, args }));
    if (last === undefined || last.flags.catalogue === null) return false;
    return last.file === (await glance(command)).file;
  };
  const loadShared = (launcher: Launcher): Promise<LoadedFlags> => {
    const key = keyOf(launcher);
    const shared = pending.get(key) ?? load(key, launcher);
    pending.set(key, shared);
    return shared;
  };

  return {
    known: (launcher) => catalogues.get(keyOf(launcher)) ?? null,
    version: (launcher) => looks.get(keyOf(launcher))?.reported ?? null,
    loads: () => loads,
    isLearnt: (launcher) => learnt.has(keyOf(launcher)),
    load: loadShared,
    learn: async (launcher) => {
      // If the file cannot be checked, load the flags; a failure becomes a warning.
      if (!(await isKnown(launcher).catch(() => false))) await loadShared(launcher);
    },
  };
}

function unreadable(program: string, error: unknown): LoadedFlags {
  return { catalogue: null, warning: `the flags of ${program} could not be read: ${reasonOf(error)}` };
}

async function fileIdentity(program: string): Promise<string> {
  const target = await realpath(program);
  const { mtimeMs, size } = await stat(target);
  return JSON.stringify([target, mtimeMs, size]);
}

/**
 * Parses the help. Refuses a text without the flags that llamactl uses: such a text is another program's, or was cut.
 */
function readHelp(program: string, { code, stdout, stderr }: Awaited<ReturnType<RunTool>>): LoadedFlags {
  const catalogue = parseHelp(stdout.trim() === '' ? stderr : stdout);
  const isPlausible = ['--model', '--host', '--port'].every((flag) => catalogue.findArgument(flag) !== null);
  if (isPlausible && code === 0) return { catalogue, warning: null };
  const what =
    code === 0 ? 'its --help is not that of a llama-server' : `its --help ended with status ${code ?? 'unknown'}`;
  return { catalogue: null, warning: `the flags of ${program} could not be read: ${what}` };
}
