import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import { makeWorkFolder } from '@llamactl/cli/quickstart/work-folder';
import { reasonOf } from '@llamactl/contract/reason';

/** A Python environment for tests. */
export interface PythonEnvironment {
  /** In the cache. */
  folder: string;
  /** A requirements file with exact versions; pip resolves further dependencies. */
  requirements: string;
  /** Whether to keep the packages too, for later installations without a network. */
  keepsPackages: boolean;
}

const ROOT = path.join(import.meta.dirname, '..');
/** The SDKs that test the gateway. */
export const SDK_PYTHON: PythonEnvironment = {
  folder: 'python',
  requirements: path.join(ROOT, 'e2e', 'sdk', 'requirements.txt'),
  keepsPackages: false,
};
/** The dependencies of the Python client, its tests and its build. */
export const CLIENT_PYTHON: PythonEnvironment = {
  folder: 'python-client',
  requirements: path.join(ROOT, 'clients', 'python', 'requirements-test.txt'),
  keepsPackages: true,
};

/** In an environment: the requirements that it was made for. */
const RECORD = 'requirements.txt';
/** The minimum version of the packages. */
const OLDEST = [3, 10] as const;
const RUN = { environment: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' } };

/** This machine has no Python for the packages. */
export class NoPythonError extends Error {
  override name = 'NoPythonError';
}

/** Path of a Python for tests, whether or not it exists. */
export function pythonProgram(cache: string, { folder }: PythonEnvironment): string {
  return path.join(cache, folder, 'bin', 'python');
}

/** Folder of the packages that an environment keeps. */
export function pythonPackages(cache: string, { folder }: PythonEnvironment): string {
  return path.join(cache, folder, 'packages');
}

/**
 * Creates an environment of the machine's Python with the packages, unless a matching one exists.
 *
 * @throws {NoPythonError} when this machine has no suitable Python
 * @throws {Error} with the reason why the packages could not be installed
 */
export async function installPython(
  cache: string,
  environment: PythonEnvironment,
): Promise<{ version: string; isNew: boolean }> {
  const { requirements, keepsPackages } = environment;
  const program = pythonProgram(cache, environment);
  const folder = path.join(cache, environment.folder);
  const wanted = await readFile(requirements, 'utf8');
  const had = await readFile(path.join(folder, RECORD), 'utf8').catch(() => null);
  const present = had === wanted ? await versionOf(program) : null;
  if (present !== null) return { version: present.join('.'), isNew: false };
  const base = await findPython();
  await using work = await makeWorkFolder(folder);
  try {
    await runTool(base, ['-m', 'venv', work.path], RUN);
  } catch (error) {
    throw new NoPythonError(`${base} makes no environments: ${reasonOf(error)}`, { cause: error });
  }
  const built = path.join(work.path, 'bin', 'python');
  const packages = path.join(work.path, path.basename(pythonPackages(cache, environment)));
  const pip = ['-m', 'pip', '--quiet'];
  if (keepsPackages)
    await runTool(built, [...pip, 'wheel', '--wheel-dir', packages, '--requirement', requirements], RUN);
  const source = keepsPackages ? ['--no-index', '--find-links', packages] : [];
  await runTool(built, [...pip, 'install', '--no-compile', ...source, '--requirement', requirements], RUN);
  await writeFile(path.join(work.path, RECORD), wanted);
  await rm(folder, { recursive: true, force: true });
  // The scripts beside Python contain the old path, but nothing calls them.
  await rename(work.path, folder);
  const version = await versionOf(program);
  if (version === null) throw new Error(`${program} does not run`);
  return { version: version.join('.'), isNew: true };
}

async function findPython(): Promise<string> {
  const seen: string[] = [];
  for (const name of ['python3', 'python']) {
    const version = await versionOf(name);
    if (version === null) continue;
    const [major, minor] = version;
    if (major === OLDEST[0] && minor >= OLDEST[1]) return name;
    seen.push(`${name} is ${version.join('.')}`);
  }
  const found = seen.length === 0 ? 'this machine has no python3' : seen.join(', ');
  throw new NoPythonError(`${found}; it takes ${OLDEST.join('.')} or newer`);
}

/** `null`: it does not exist, or does not run. */
async function versionOf(program: string): Promise<readonly [number, number] | null> {
  try {
    const { stdout } = await runTool(program, ['-c', 'import sys; print(*sys.version_info[:2])'], RUN);
    const [major = 0, minor = 0] = stdout.trim().split(' ').map(Number);
    return [major, minor];
  } catch (error) {
    return error instanceof Error ? null : Promise.reject(error);
  }
}
