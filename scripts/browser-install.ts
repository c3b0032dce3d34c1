import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { findProgram } from '@llamactl/cli/quickstart/find-engine';
import { runTool, type ToolOptions } from '@llamactl/cli/quickstart/run-tool';
import { makeWorkFolder } from '@llamactl/cli/quickstart/work-folder';
import { downloadPackages, unpackPackages, writeLauncher } from './debian-packages.ts';

/** A browser of Debian for tests. */
interface DebianBrowser {
  /** Of its folder, and of the program in it. */
  name: string;
  package: string;
  /** Its program within the unpacked package. */
  program: string;
  /** Programs that a machine may already have, which are used instead. */
  present: readonly string[];
}

export const CHROMIUM: DebianBrowser = {
  name: 'chromium',
  // Without windows.
  package: 'chromium-headless-shell',
  program: 'usr/lib/chromium/chromium-headless-shell',
  present: ['chromium-headless-shell', 'chromium', 'google-chrome-stable', 'google-chrome'],
};
export const FIREFOX: DebianBrowser = {
  name: 'firefox',
  package: 'firefox-esr',
  program: 'usr/lib/firefox-esr/firefox-esr',
  present: [],
};

/** Path of a browser for tests, whether or not it exists. */
export function browserProgram(cache: string, { name }: DebianBrowser): string {
  return path.join(cache, name, name);
}

/**
 * Installs a browser without root: one that the machine has, else Debian's packages. Unpacks them into our own folder,
 * with the libraries that this machine lacks.
 *
 * @returns the version
 * @throws {Error} with the reason why none is available
 */
export async function installBrowser(
  cache: string,
  browser: DebianBrowser,
): Promise<{ version: string; isNew: boolean }> {
  const program = browserProgram(cache, browser);
  const run = { environment: { ...process.env, LC_ALL: 'C' } };
  const present = await versionOf(program, run);
  if (present !== null) return { version: present, isNew: false };
  await mkdir(cache, { recursive: true });
  await using work = await makeWorkFolder(path.dirname(program));
  const built = path.join(work.path, browser.name);
  await mkdir(built);
  const own = await presentBrowser(browser, run);
  if (own === null) {
    const target = { root: built, program: browser.program, launcher: browser.name };
    await unpackPackages(await downloadPackages([browser.package], work.path, run), target, run);
  } else await writeLauncher(path.join(built, browser.name), `exec '${own}' "$@"\n`);
  const version = await versionOf(path.join(built, browser.name), run);
  if (version === null) throw new Error(`the ${browser.name} of this machine's ${own ?? browser.package} does not run`);
  await rm(path.dirname(program), { recursive: true, force: true });
  await rename(built, path.dirname(program));
  return { version, isNew: true };
}

async function presentBrowser({ present }: DebianBrowser, run: ToolOptions): Promise<string | null> {
  for (const name of present) {
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
