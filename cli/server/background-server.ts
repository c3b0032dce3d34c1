import { setTimeout as pause } from 'node:timers/promises';
import type { LoadedConfig } from '@llamactl/server/main';
import type { Surroundings } from '../surroundings.ts';
import { EXIT } from '../exit-status.ts';
import { lastWritten } from '../last-written.ts';
import { Problem } from '../problem.ts';
import { shellQuoted } from '../../format/shell-words.ts';
import { startInBackground } from './background-start.ts';
import type { DirectoryLock } from './directory-server.ts';
import { expectedServer } from './expected-server.ts';
import { ownProgram } from './own-program.ts';
import { overridesOf, wordsOf, type ServeFlags } from './serve-flags.ts';
import { withBasePath } from './serve-welcome.ts';
import { isSameAddress } from './server-address.ts';
import { serverLogIn } from './server-log.ts';
import { assertAnswers } from './silent-server.ts';

/** The server of a data directory, which runs after {@link ensureServer}. */
export interface BackgroundServer {
  /** Whether this call started it. */
  isNew: boolean;
  pid: number;
  version: string;
  /** Its address on this machine, with the base path, without a slash at the end. */
  url: string;
  loaded: LoadedConfig;
  /** Whether other commands find this server without options. They do not read `./llamactl.yaml`. */
  isUsual: boolean;
  /** The file for its output; `null`: another call or program started it. */
  log: string | null;
  /** The file with the password of the first account; `null`: no such file, or the server ran already. */
  passwordFile: string | null;
  /** Whether this start created that account. */
  isPasswordNew: boolean;
  /** The command that stops the server, as a user types it. */
  stop: string;
  /** Whether its engines stop with it. */
  stopsEngines: boolean;
}

/** How to find or start a server. */
export interface EnsureOptions {
  /** The flags of a new server. Its data directory also selects an existing server. */
  flags: ServeFlags;
  /** Whether `./llamactl.yaml` is read, as by `serve`. */
  searchLocal: boolean;
  /** Ends the wait, and also a new server that does not listen yet. */
  signal: AbortSignal;
  /** Called once with a sentence when the server takes long. */
  onWait: (sentence: string) => void;
}

const LOOK_MS = 50;
/** Milliseconds until a note about the wait is printed. */
const PATIENCE_MS = 5_000;
/** A server describes itself at once, except on a full disk. */
const UNDESCRIBED_MS = 10_000;

/**
 * Finds the server of the configured data directory, or starts one in the background. Resolves when it listens.
 *
 * @throws {Problem} when it cannot start, or the existing server does not answer, or not have the requested port
 */
export async function ensureServer(
  { environment, home, every }: Pick<Surroundings, 'environment' | 'home' | 'every'>,
  { flags, searchLocal, signal, onWait }: EnsureOptions,
): Promise<BackgroundServer> {
  const main = await import('@llamactl/server/main');
  const loaded = main.readConfig({
    configFile: flags.config ?? null,
    overrides: overridesOf(flags),
    searchLocal,
    user: { environment, home },
  });
  const directory = loaded.config.data_dir;
  const log = serverLogIn(directory);
  const passwordFile = main.passwordFileOf(directory);
  const usual = await expectedServer({ environment, home });
  const at = (url: string): Pick<BackgroundServer, 'url' | 'isUsual'> => ({
    url: withBasePath(url, loaded.config.server),
    isUsual: usual !== null && (usual.dataDirectory === directory || isSameAddress(usual.url, url)),
  });
  const common = { loaded, stop: stopCommand(flags) };
  const stopNote = every(PATIENCE_MS, () => {
    stopNote();
    onWait(`waiting for the server of ${directory}; its log: ${log}`);
  });
  try {
    for (;;) {
      const present = await listening(main, directory, signal);
      if (present !== null) {
        await assertAnswers({ ...present, directory }, signal);
        assertSamePort(present.url, flags, directory);
        const unknown = { log: null, passwordFile: null, isPasswordNew: false, stopsEngines: false };
        return { ...common, ...present, ...unknown, ...at(present.url), isNew: false };
      }
      const passwordBefore = lastWritten(passwordFile);
      const words = [...wordsOf(configured(flags, searchLocal)), ...quietly(flags)];
      const outcome = await startInBackground({
        program: ownProgram(),
        flags: words,
        environment,
        log,
        makeFolder: main.makePrivateFolder,
        signal,
      });
      if (outcome.kind === 'listens') {
        const started = await listening(main, directory, signal);
        if (started === null) throw failed([], 'right after its start', log);
        const written = lastWritten(passwordFile);
        return {
          ...common,
          ...started,
          ...at(started.url),
          isNew: true,
          log,
          stopsEngines: flags.stopEngines === true,
          passwordFile: written === null ? null : passwordFile,
          isPasswordNew: written !== null && written !== passwordBefore,
        };
      }
      // Another start was faster.
      if (!main.isLockHeld(directory)) throw failed(outcome.message, outcome.how, log);
    }
  } finally {
    stopNote();
  }
}

/** Waits until the server of a directory listens; `null`: none runs. */
async function listening(
  { isLockHeld, readDescription }: DirectoryLock,
  directory: string,
  signal: AbortSignal,
): Promise<{ pid: number; version: string; url: string } | null> {
  for (let waited = 0; isLockHeld(directory); waited += LOOK_MS) {
    const holder = readDescription(directory);
    if (holder !== null && holder.url !== null) return { pid: holder.pid, version: holder.version, url: holder.url };
    if (holder === null && waited > UNDESCRIBED_MS) {
      throw new Problem(`a server uses ${directory}, but its server.json is missing or unreadable`, EXIT.failed);
    }
    await pause(LOOK_MS, undefined, { signal });
  }
  return null;
}

/** @throws {Problem} when a flag names another port */
function assertSamePort(url: string, { port }: ServeFlags, directory: string): void {
  if (port === undefined || port === '0' || port === portOf(url)) return;
  throw new Problem(`the server of ${directory} runs at ${url}, not on port ${port}`, EXIT.failed, [
    'to use the other port: llamactl down, then this command again',
    'for a second server: add --data-dir',
  ]);
}

function stopCommand({ config, dataDir }: ServeFlags): string {
  const where = {
    ...(config === undefined ? {} : { config }),
    ...(dataDir === undefined ? {} : { dataDir }),
  };
  return ['llamactl', 'down', ...wordsOf(where)].map((word) => shellQuoted(word)).join(' ');
}

function portOf(url: string): string {
  const { port } = new URL(url);
  return port === '' ? '80' : port;
}

/**
 * Keeps a server from reading `./llamactl.yaml` if this program did not read it. Names no other file, so that a reload
 * finds a file that is created later in one of the other places.
 */
function configured(flags: ServeFlags, searchLocal: boolean): ServeFlags {
  return searchLocal || flags.config !== undefined ? flags : { ...flags, localConfig: false };
}

/** Only warnings by default, because nothing rotates the log of a running server. */
function quietly({ logLevel }: ServeFlags): string[] {
  return logLevel === undefined ? ['--log-level', 'warn'] : [];
}

function failed([message, ...remedies]: readonly string[], how: string, log: string): Problem {
  return new Problem(message ?? `the server ended ${how}`, EXIT.failed, [...remedies, `its log: ${log}`]);
}
