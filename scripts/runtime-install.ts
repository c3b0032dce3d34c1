import { platform, arch } from 'node:process';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import { makeWorkFolder } from '@llamactl/cli/quickstart/work-folder';
import { reasonOf } from '@llamactl/contract/reason';
import { npmCommand } from './npm-command.ts';

/** Further versions of Node to test the client library on. */
export const OTHER_NODES = ['20.20.2', '22.23.3'] as const;

/** Path of a version of Node, whether or not it exists. */
export function nodeProgram(cache: string, version: string): string {
  return path.join(cache, 'node', version, 'node');
}

/**
 * Installs a version of Node with npm, and keeps only the program.
 *
 * @returns whether it was installed now
 * @throws {Error} with the reason of a failure
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
    throw new Error(`npm could not get Node ${version} (${name}): ${reasonOf(error)}`, { cause: error });
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
    // Missing or broken: replace it either way.
    return error instanceof Error ? false : Promise.reject(error);
  }
}
