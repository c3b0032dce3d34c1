import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { runTool, type ToolOptions } from '@llamactl/cli/quickstart/run-tool';
import { makeWorkFolder } from '@llamactl/cli/quickstart/work-folder';
import { downloadPackages, unpackPackages } from './debian-packages.ts';

const PACKAGE = 'firefox-esr';

/** Path of the Firefox for tests, whether or not it exists. */
export function firefoxProgram(cache: string): string {
  return path.join(cache, 'firefox', 'firefox');
}

/**
 * Installs Debian's Firefox into our own folder, without root, with the libraries that this machine lacks.
 *
 * @returns the version
 * @throws {Error} with the reason why none is available
 */
export async function installFirefox(cache: string): Promise<{ version: string; isNew: boolean }> {
  const program = firefoxProgram(cache);
  const run = { environment: { ...process.env, LC_ALL: 'C' } };
  const present = await versionOf(program, run);
  if (present !== null) return { version: present, isNew: false };
  await mkdir(cache, { recursive: true });
  await using work = await makeWorkFolder(path.dirname(program));
  const root = path.join(work.path, 'firefox');
  await mkdir(root);
  const target = { root, program: 'usr/lib/firefox-esr/firefox-esr', launcher: 'firefox' };
  await unpackPackages(await downloadPackages([PACKAGE], work.path, run), target, run);
  const version = await versionOf(path.join(root, 'firefox'), run);
  if (version === null) throw new Error(`the Firefox of ${PACKAGE} does not run`);
  await rm(path.dirname(program), { recursive: true, force: true });
  await rename(root, path.dirname(program));
  return { version, isNew: true };
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
