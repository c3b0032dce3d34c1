import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { findProgram } from '@llamactl/cli/quickstart/find-engine';
import { runTool, type ToolOptions } from '@llamactl/cli/quickstart/run-tool';
import { makeWorkFolder } from '@llamactl/cli/quickstart/work-folder';
import { downloadPackages, unpackPackages, writeLauncher } from './debian-packages.ts';

/** Debian's Chromium without windows. */
const PACKAGE = 'chromium-headless-shell';
/** Programs that a machine may already have. */
const PRESENT = ['chromium-headless-shell', 'chromium', 'google-chrome-stable', 'google-chrome'];

/** Path of the tests' browser, whether or not it exists. */
export function browserProgram(cache: string): string {
  return path.join(cache, 'chromium', 'chromium');
}

/**
 * Installs a Chromium without root: one that the machine has, else Debian's packages. Unpacks them into our own folder,
 * with the libraries that this machine lacks.
 *
 * @returns the version
 * @throws {Error} with the reason why none is available
 */
export async function installBrowser(cache: string): Promise<{ version: string; isNew: boolean }> {
  const program = browserProgram(cache);
  const run = { environment: { ...process.env, LC_ALL: 'C' } };
  const present = await versionOf(program, run);
  if (present !== null) return { version: present, isNew: false };
  await mkdir(cache, { recursive: true });
  await using work = await makeWorkFolder(path.dirname(program));
  const built = path.join(work.path, 'chromium');
  await mkdir(built);
  const own = await presentBrowser(run);
  if (own === null) {
    const target = { root: built, program: 'usr/lib/chromium/chromium-headless-shell', launcher: 'chromium' };
    await unpackPackages(await downloadPackages([PACKAGE], work.path, run), target, run);
  } else await writeLauncher(path.join(built, 'chromium'), `exec '${own}' "$@"\n`);
  const version = await versionOf(path.join(built, 'chromium'), run);
  if (version === null) throw new Error(`the Chromium of this machine's ${own ?? PACKAGE} does not run`);
  await rm(path.dirname(program), { recursive: true, force: true });
  await rename(built, path.dirname(program));
  return { version, isNew: true };
}

async function presentBrowser(run: ToolOptions): Promise<string | null> {
  for (const name of PRESENT) {
    const program = await findProgram(name, run.environment['PATH']);
    if (program !== null && (await versionOf(program, run)) !== null) return program;
  }
  return null;
}

/** `null`: it does not exist, or does not run. */
async function versionOf(program: string, run: ToolOptions): Promise<string | null> {
  try {
    const { stdout } = await runTool(program, ['--version'], run);
    return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? null;
  } catch (error) {
    return error instanceof Error ? null : Promise.reject(error);
  }
}
