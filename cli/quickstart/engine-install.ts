import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { readDebianArchives } from './apt-sources.ts';
import type { AptArchive } from './apt-sources.ts';
import { writeLauncher } from './engine-launcher.ts';
import { fetchPackages } from './engine-packages.ts';
import { findProgram } from './find-engine.ts';
import type { OnProgress } from './progress.ts';
import { messageOf, runTool } from './run-tool.ts';
import type { ToolOptions } from './run-tool.ts';
import { makeWorkFolder } from './work-folder.ts';

/** A llama-server that was found to run. */
export interface InstalledEngine {
  /** Absolute path of the program to start. */
  command: string;
  /** As it says itself: `0.7.0 (build 11669, commit Debian)`. */
  version: string;
}

export interface EngineInstallOptions {
  /** Where the engine shall live; made, or replaced when what is there does not run. */
  directory: string;
  onProgress: OnProgress;
  signal?: AbortSignal | undefined;
  environment?: NodeJS.ProcessEnv;
  /** As `process.platform` and `process.arch` name them. */
  platform?: string;
  architecture?: string;
  /** Where the machine's own apt sources are described. */
  aptDirectory?: string;
}

/** Debian's names of the architectures that node runs on and that it builds llama.cpp for. */
const DEBIAN_ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };

/** The program to start of an engine installed in `directory`, whether or not it is there. */
export function installedCommand(directory: string): string {
  return path.join(path.resolve(directory), 'llama-server');
}

/**
 * Gets a llama-server without root on a Debian: its packages, with every library they need, unpacked into a folder of
 * ours and started by their own loader, so that an older system's libraries do not matter. What is already there and runs
 * is returned at once; else all is built beside `directory` and renamed into place after it ran, so a crash leaves nothing
 * half made that anybody would use.
 *
 * @throws {Error} that says which step failed, why, and what to do; on other systems, which command to run instead
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
  await using work = await attempt('make a folder for llama-server', () => makeWorkFolder(directory));
  const packages = await attempt('get the packages of llama.cpp', () =>
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
  await attempt('put llama-server into its place', () => publish(built, directory, work.path, run));
  return { command, version };
}

/** What the machine offers to get an engine with; everything that can be known to fail is known before the network is used. */
async function checkMachine(
  options: EngineInstallOptions & { environment: NodeJS.ProcessEnv },
): Promise<{ archives: AptArchive[]; architecture: string }> {
  const { directory, environment, platform = process.platform, aptDirectory = '/etc/apt' } = options;
  const advice = `Install it ${otherWays(platform)}`;
  if (platform !== 'linux') throw new Error(`There is no llama-server on this machine. ${advice}`);
  for (const program of ['apt-get', 'dpkg-deb']) {
    if ((await findProgram(program, environment['PATH'])) !== null) continue;
    throw new Error(`There is no llama-server on this machine, nor ${program} to get one with. ${advice}`);
  }
  const machine = options.architecture ?? process.arch;
  const architecture = DEBIAN_ARCHITECTURES[machine];
  if (architecture === undefined) throw new Error(`llamactl can get no llama-server for ${machine}. ${advice}`);
  if (/[:;$]/.test(directory)) {
    throw new Error(
      `${directory} cannot hold llama-server: ":", ";" and "$" have a meaning in a loader’s search path. ` +
        'Set data_dir to a path without them, and run this again.',
    );
  }
  const archives = await readDebianArchives(aptDirectory).catch((error: unknown) => {
    throw new Error(`Could not read the apt sources: ${messageOf(error)}. ${advice}`, { cause: error });
  });
  if (archives.length > 0) return { archives, architecture };
  throw new Error(
    `There is no llama-server on this machine, and ${aptDirectory} names no Debian archive to get one from. ` +
      `Try \`sudo apt install llama.cpp\`, which newer releases have. ${advice}`,
  );
}

/** The version of a program that runs, or null when it is missing or does not. */
async function runningVersion(command: string, run: ToolOptions): Promise<string | null> {
  try {
    return await askVersion(command, run);
  } catch {
    // why it does not run does not matter: it gets replaced
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
 * Renames the engine into its place. There may stand one that does not run (it makes room), or one that another process
 * finished meanwhile (it stays: engines may be running from it).
 */
async function publish(built: string, directory: string, work: string, run: ToolOptions): Promise<void> {
  if ((await runningVersion(installedCommand(directory), run)) !== null) return;
  try {
    await rename(directory, path.join(work, 'replaced'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  try {
    await rename(built, directory);
  } catch (error) {
    // the other process was quicker by less than our two renames
    if ((await runningVersion(installedCommand(directory), run)) === null) throw error;
  }
}

type Attempt = <T>(step: string, work: () => Promise<T>) => Promise<T>;

/** Does one step; its failure names the step and what to do, unless it was we who stopped it. */
function stepRunner(directory: string, signal: AbortSignal | undefined): Attempt {
  return async (step, work) => {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      const cause = messageOf(error).replace(/\.$/, '');
      const remedy = `Check the network and that ${path.dirname(directory)} has 200 MB free, or install it`;
      throw new Error(`Could not ${step}: ${cause}. ${remedy} ${otherWays('linux')}`, { cause: error });
    }
  };
}

/** The other ways to an engine, after "install it": the commands that llama.cpp's own install page names, and a setting. */
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
