import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './scenario.ts';

const run = promisify(execFile);
const LIMIT_MS = 120_000;

/** Programs of this machine's distribution, unpacked into a folder. */
export interface DebianPrograms {
  folder: string;
  /** What they have to be started with. */
  environment: Record<string, string>;
}

/**
 * Gets packages and the libraries they lack with the machine's apt, in a state of our own: needs no root and installs nothing.
 *
 * @throws {Error} that says why they cannot be had: another system, no network, no such package
 */
export async function debianPrograms(
  { belongings, signal }: Bench,
  packages: readonly string[],
): Promise<DebianPrograms> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-bench-apt-'));
  belongings.add(() => rm(folder, { recursive: true, force: true }));
  const [lists, cache, debs, root] = ['lists', 'cache', 'debs', 'root'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
    string,
  ];
  const folders = [path.join(lists, 'partial'), path.join(cache, 'archives', 'partial'), debs, root];
  for (const each of folders) await mkdir(each, { recursive: true });
  const settings = {
    'Dir::State::lists': lists,
    'Dir::Cache': cache,
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  const flags = ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  const apt = (...args: string[]): Promise<{ stdout: string }> =>
    run('apt-get', [...flags, ...args], { cwd: debs, timeout: LIMIT_MS, signal });
  try {
    await apt('update');
    const { stdout } = await apt(
      'install',
      '-y',
      '--no-install-recommends',
      '--reinstall',
      '--print-uris',
      ...packages,
    );
    const names = [...stdout.matchAll(/^'[^']+' ([^_\s]+)_\S+\.deb /gm)].map(([, name = '']) => name);
    await apt('download', ...names);
    for (const file of await readdir(debs)) await run('dpkg-deb', ['-x', path.join(debs, file), root], { signal });
  } catch (error) {
    throw new Error(`${packages.join(' and ')} cannot be had here: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    });
  }
  const libraries = path.join(root, 'usr', 'lib');
  const multiarch = (await readdir(libraries)).filter((name) => name.includes('-linux-'));
  const search = [libraries, ...multiarch.map((name) => path.join(libraries, name))].join(':');
  return { folder: root, environment: { LD_LIBRARY_PATH: search } };
}
