import { codeOf, reasonOf } from '@llamactl/contract/reason';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { readDebianArchives } from './apt-sources.ts';
import type { AptArchive } from './apt-sources.ts';
import { writeLauncher } from './engine-launcher.ts';
import { fetchPackages } from './engine-packages.ts';
import { findProgram } from './find-engine.ts';
import type { OnProgress } from './progress.ts';
import { runTool } from './run-tool.ts';
import type { ToolOptions } from './run-tool.ts';
import { makeWorkFolder } from './work-folder.ts';

/** A llama-server that has been run successfully. */
export interface InstalledEngine {
  /** Absolute path of the program to start. */
  command: string;
  /** As printed by `--version`: `0.7.0 (build 11669, commit Debian)`. */
  version: string;
}

export interface EngineInstallOptions {
  /** Target folder of the engine; created, or replaced if its content does not run. */
  directory: string;
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
  environment?: NodeJS.ProcessEnv;
  /** As `process.platform` and `process.arch` name them. */
  platform?: string;
  architecture?: string;
  /** Folder of the machine's own apt sources. */
  aptDirectory?: string;
}

/** Debian's names for the architectures of Node that it builds llama.cpp for. */
const DEBIAN_ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

/** Path of the program of an engine installed in `directory`, whether or not it exists. */
export function installedCommand(directory: string): string {
  return path.join(path.resolve(directory), 'llama-server');
}

/**
 * Installs a llama-server on Debian without root. It unpacks Debian's packages and all their libraries into our own
 * folder and starts them with their own loader, so older system libraries do not matter. Returns an installed engine
 * that runs at once. Otherwise builds in a folder beside `directory` and renames it after a successful run, so a crash
 * leaves nothing half made in use.
 *
 * @throws {Error} with the failed step, its cause and a remedy; on other systems, the command to run instead
 */
export async function installEngine(options: EngineInstallOptions): Promise<InstalledEngine> {
  const { onProgress, signal, environment = process.env } = options;
  const directory = path.resolve(options.directory);
  const run = { environment: { ...environment, LC_ALL: 'C' }, signal };
  const command = installedCommand(directory);
  const present = await runningVersion(command, run);
  if (present !== null) return { command, version: present };

  const { archives, architecture } = await checkMachine({ ...options, directory, environment });
  const attempt = stepRunner(directory, signal);
  await using work = await attempt('create a folder for llama-server', () => makeWorkFolder(directory));
  const packages = await attempt('download the packages of llama.cpp', () =>
    fetchPackages({ work: work.path, archives, architecture, onProgress, run }),
  );
  const built = path.join(work.path, 'engine');
  await attempt('unpack the packages of llama.cpp', async () => {
    onProgress({ step: 'engine', message: 'unpacking llama-server' });
    await mkdir(built);
    for (const file of packages) await runTool('dpkg-deb', ['-x', file, built], run);
    await writeLauncher(built);
  });
  onProgress({ step: 'engine', message: 'trying llama-server' });
  const version = await attempt('start the llama-server just unpacked', () => askVersion(installedCommand(built), run));
  await attempt('move llama-server into place', () => publish(built, directory, work.path, run));
  return { command, version };
}

/** Finds the means to get an engine on this machine, and fails before any network use if they are missing. */
async function checkMachine(
  options: EngineInstallOptions & { environment: NodeJS.ProcessEnv },
): Promise<{ archives: AptArchive[]; architecture: string }> {
  const { directory, environment, platform = process.platform, aptDirectory = '/etc/apt' } = options;
  const advice = `Install it ${otherWays(platform)}`;
  if (platform !== 'linux') throw new Error(`There is no llama-server on this machine. ${advice}`);
  for (const program of ['apt-get', 'dpkg-deb']) {
    if ((await findProgram(program, environment['PATH'])) !== null) continue;
    throw new Error(`There is no llama-server on this machine, and no ${program} to download one. ${advice}`);
  }
  const machine = options.architecture ?? process.arch;
  const architecture = DEBIAN_ARCHITECTURES[machine];
  if (architecture === undefined) throw new Error(`llamactl has no llama-server to download for ${machine}. ${advice}`);
  if (/[:;$]/.test(directory)) {
    throw new Error(
      `llama-server cannot be installed in ${directory}: ":", ";" and "$" are special in a loader’s search path. ` +
        'Set data_dir to a path without them, and run this again.',
    );
  }
  const archives = await readDebianArchives(aptDirectory).catch((error: unknown) => {
    throw new Error(`Could not read the apt sources: ${reasonOf(error)}. ${advice}`, { cause: error });
  });
  if (archives.length > 0) return { archives, architecture };
  throw new Error(
    `There is no llama-server on this machine, and ${aptDirectory} lists no Debian archive to download one from. ` +
      `Try \`sudo apt install llama.cpp\`, which newer releases have. ${advice}`,
  );
}

/** The version of a working program, or null when it is missing or does not run. */
async function runningVersion(command: string, run: ToolOptions): Promise<string | null> {
  try {
    return await askVersion(command, run);
  } catch {
    // the reason does not matter, because the program gets replaced
    run.signal?.throwIfAborted();
    return null;
  }
}

async function askVersion(command: string, run: ToolOptions): Promise<string> {
  const output = await runTool(command, ['--version'], run);
  const version = /^version: *(.+)$/m.exec(`${output.stdout}\n${output.stderr}`)?.[1];
  if (version === undefined) throw new Error(`${command} --version printed no version`);
  return version.trim();
}

/**
 * Moves the built engine to `directory`. Replaces an engine there that does not run. Keeps one that another process
 * installed meanwhile, because engines may be running from it.
 */
async function publish(built: string, directory: string, work: string, run: ToolOptions): Promise<void> {
  if ((await runningVersion(installedCommand(directory), run)) !== null) return;
  try {
    await rename(directory, path.join(work, 'replaced'));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  try {
    await rename(built, directory);
  } catch (error) {
    // another process won the race between our two renames
    if ((await runningVersion(installedCommand(directory), run)) === null) throw error;
  }
}

type Attempt = <T>(step: string, work: () => Promise<T>) => Promise<T>;

/** Runs one step; a failure names the step and a remedy, unless the caller aborted it. */
function stepRunner(directory: string, signal: AbortSignal | undefined): Attempt {
  return async (step, work) => {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      const cause = reasonOf(error).replace(/\.$/, '');
      const remedy = `Check the network and that ${path.dirname(directory)} has 200 MB free, or install it`;
      throw new Error(`Could not ${step}: ${cause}. ${remedy} ${otherWays('linux')}`, { cause: error });
    }
  };
}

/** Other ways to get an engine, to follow "install it": the commands of llama.cpp's install page, and a setting. */
function otherWays(platform: string): string {
  const commands: Record<string, string> = {
    darwin: '`brew install llama.cpp`',
    win32: '`winget install llama.cpp`',
    linux:
      '`brew install llama.cpp`, `nix profile install nixpkgs#llama-cpp` or your distribution’s package of llama.cpp',
  };
  const command = commands[platform] ?? 'your system’s package of llama.cpp';
  return `with ${command}, or set engines.llama_cpp.command to the path of a llama-server; then run this again.`;
}
