import { platform, arch } from 'node:process';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, runTool } from '@llamactl/cli/quickstart/run-tool';
import { makeWorkFolder } from '@llamactl/cli/quickstart/work-folder';
import { npmCommand } from './npm-command.ts';

/** The versions of Node that the client library has to work on, beside the one that runs all else. */
export const OTHER_NODES = ['20.20.2', '22.23.3'] as const;

/** Where a version of Node lies, whether or not it is there. */
export function nodeProgram(cache: string, version: string): string {
  return path.join(cache, 'node', version, 'node');
}

/**
 * Gets a version of Node by npm, of which only the program itself is kept.
 *
 * @returns whether it had to be installed
 * @throws {Error} that says why it could not be had
 */
export async function installNode(cache: string, version: string): Promise<boolean> {
  const program = nodeProgram(cache, version);
  const run = { environment: process.env };
  if (await runs(program, version)) return false;
  const name = `node-${platform}-${arch}`;
  await mkdir(path.dirname(program), { recursive: true });
  await using work = await makeWorkFolder(program);
  const [npm, ...first] = npmCommand();
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  try {
    await runTool(npm, [...first, 'install', '--prefix', work.path, ...flags, `${name}@${version}`], run);
  } catch (error) {
    throw new Error(`npm could not get Node ${version} (${name}): ${messageOf(error)}`, { cause: error });
  }
  await rename(path.join(work.path, 'node_modules', name, 'bin', 'node'), program);
  if (!(await runs(program, version))) throw new Error(`${program} does not run, or is not Node ${version}`);
  return true;
}

async function runs(program: string, version: string): Promise<boolean> {
  try {
    const { stdout } = await runTool(program, ['--version'], { environment: process.env });
    return stdout.trim() === `v${version}`;
  } catch (error) {
    // It is not there, or is broken: either way it gets replaced.
    return error instanceof Error ? false : Promise.reject(error);
  }
}
