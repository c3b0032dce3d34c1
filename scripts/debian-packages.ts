import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readDownloads } from '@llamactl/cli/quickstart/engine-packages';
import { findProgram } from '@llamactl/cli/quickstart/find-engine';
import { runTool, type ToolOptions } from '@llamactl/cli/quickstart/run-tool';

/**
 * Runs no hooks of other programs, and does not change the user: as root, apt would switch to one that cannot enter our
 * folder.
 */
const APT_CONF = `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
APT::Sandbox::User "root";
Acquire::Retries "1";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
`;

/**
 * Downloads packages and their missing dependencies with this machine's apt, in a private state folder. Needs no root
 * and installs nothing.
 *
 * @param work An empty folder.
 * @returns the files
 * @throws {Error} with the reason of a failure
 */
export async function downloadPackages(
  packages: readonly string[],
  work: string,
  run: ToolOptions,
): Promise<readonly string[]> {
  for (const program of ['apt-get', 'dpkg-deb']) {
    if ((await findProgram(program, run.environment['PATH'])) === null)
      throw new Error(`this machine has no ${program}`);
  }
  const [lists, archives, debs] = ['lists', 'archives', 'packages'].map((name) => path.join(work, name));
  if (lists === undefined || archives === undefined || debs === undefined) throw new Error('no folders');
  for (const folder of [path.join(lists, 'partial'), path.join(archives, 'partial'), debs]) {
    await mkdir(folder, { recursive: true });
  }
  const conf = path.join(work, 'apt.conf');
  await writeFile(conf, APT_CONF);
  const settings = { 'Dir::State::lists': lists, 'Dir::Cache': work, 'Dir::Cache::archives': archives };
  const args = ['-q', '-c', conf, ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  await runTool('apt-get', [...args, 'update'], run);
  const plan = ['install', '-y', '--no-install-recommends', '--print-uris', ...packages];
  const names = readDownloads((await runTool('apt-get', [...args, ...plan], run)).stdout).map(({ name }) => name);
  if (names.length === 0) throw new Error(`apt-get knows nothing to download for ${packages.join(' and ')}`);
  await runTool('apt-get', [...args, 'download', ...names], { ...run, directory: debs });
  return (await readdir(debs)).filter((name) => name.endsWith('.deb')).map((name) => path.join(debs, name));
}

/** Unpacks packages into a folder, with a script that starts one of their programs with their libraries. */
export async function unpackPackages(
  packages: readonly string[],
  target: { root: string; program: string; launcher: string },
  run: ToolOptions,
): Promise<void> {
  const { root, program, launcher } = target;
  for (const file of packages) await runTool('dpkg-deb', ['-x', file, root], run);
  const libraries = await libraryFolders(root);
  await writeLauncher(
    path.join(root, launcher),
    `here=\${0%/*}
LD_LIBRARY_PATH=${libraries.map((folder) => `$here/${folder}`).join(':')}
export LD_LIBRARY_PATH
exec "$here/${program}" "$@"
`,
  );
}

/** @param script Without its first line. */
export async function writeLauncher(file: string, script: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${script}`);
  await chmod(file, 0o755);
}

/**
 * The folders with libraries, relative to the root. Debian keeps libraries in a folder named after the architecture,
 * and some below it.
 */
async function libraryFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const base of ['usr/lib', 'lib']) {
    const kinds = (await readdir(path.join(root, base)).catch(() => [])).filter((name) => /-linux-gnu/.test(name));
    for (const kind of kinds) {
      const inside = await readdir(path.join(root, base, kind), { withFileTypes: true });
      folders.push(path.join(base, kind));
      folders.push(...inside.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(base, kind, name)));
    }
  }
  return folders;
}
