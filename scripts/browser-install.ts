import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readDownloads } from '@llamactl/cli/quickstart/engine-packages';
import { findProgram } from '@llamactl/cli/quickstart/find-engine';
import { runTool, type ToolOptions } from '@llamactl/cli/quickstart/run-tool';
import { makeWorkFolder } from '@llamactl/cli/quickstart/work-folder';

/** Debian's Chromium without a window. */
const PACKAGE = 'chromium-headless-shell';
/** Programs that a machine may have already. */
const PRESENT = ['chromium-headless-shell', 'chromium', 'google-chrome-stable', 'google-chrome'];

/** No hooks of other programs, and no change of user: root would drop to one who cannot enter our folder. */
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

/** Where a browser lies that was got for the tests, whether or not it is there. */
export function browserProgram(cache: string): string {
  return path.join(cache, 'chromium', 'chromium');
}

/**
 * Gets a Chromium without root: one that the machine has, else Debian's packages of it, with the libraries that this
 * machine lacks, unpacked into a folder of ours.
 *
 * @returns the version
 * @throws {Error} that says why none can be had
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
  if (own === null) await unpack(await download(work.path, run), built, run);
  else await writeLauncher(built, `exec '${own}' "$@"\n`);
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

/** The packages that this machine lacks for it, by apt as it is set up here, in a state of our own. */
async function download(work: string, run: ToolOptions): Promise<string[]> {
  for (const program of ['apt-get', 'dpkg-deb']) {
    if ((await findProgram(program, run.environment['PATH'])) === null)
      throw new Error(`this machine has no ${program}`);
  }
  const [lists, archives, packages] = ['lists', 'archives', 'packages'].map((name) => path.join(work, name));
  if (lists === undefined || archives === undefined || packages === undefined) throw new Error('no folders');
  for (const folder of [path.join(lists, 'partial'), path.join(archives, 'partial'), packages]) {
    await mkdir(folder, { recursive: true });
  }
  const conf = path.join(work, 'apt.conf');
  await writeFile(conf, APT_CONF);
  const settings = { 'Dir::State::lists': lists, 'Dir::Cache': work, 'Dir::Cache::archives': archives };
  const args = ['-q', '-c', conf, ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  await runTool('apt-get', [...args, 'update'], run);
  const plan = ['install', '-y', '--no-install-recommends', '--print-uris', PACKAGE];
  const names = readDownloads((await runTool('apt-get', [...args, ...plan], run)).stdout).map(({ name }) => name);
  if (names.length === 0) throw new Error(`apt-get knows nothing to download for ${PACKAGE}`);
  await runTool('apt-get', [...args, 'download', ...names], { ...run, directory: packages });
  return (await readdir(packages)).filter((name) => name.endsWith('.deb')).map((name) => path.join(packages, name));
}

async function unpack(packages: readonly string[], root: string, run: ToolOptions): Promise<void> {
  for (const file of packages) await runTool('dpkg-deb', ['-x', file, root], run);
  const libraries = await libraryFolders(root);
  const found = libraries.map((folder) => `$here/${folder}`).join(':');
  await writeLauncher(
    root,
    `here=\${0%/*}
LD_LIBRARY_PATH=${found}
export LD_LIBRARY_PATH
exec "$here/usr/lib/chromium/chromium-headless-shell" "$@"
`,
  );
}

/** From the root; Debian keeps libraries in a folder named after the machine's kind, and some below that. */
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

async function writeLauncher(folder: string, script: string): Promise<void> {
  const file = path.join(folder, 'chromium');
  await writeFile(file, `#!/bin/sh\n${script}`);
  await chmod(file, 0o755);
}

/** `null`: it is not there, or does not run. */
async function versionOf(program: string, run: ToolOptions): Promise<string | null> {
  try {
    const { stdout } = await runTool(program, ['--version'], run);
    return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? null;
  } catch (error) {
    return error instanceof Error ? null : Promise.reject(error);
  }
}
