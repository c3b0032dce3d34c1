import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sourceStanza } from './apt-sources.ts';
import type { AptArchive } from './apt-sources.ts';
import { watchFolderGrowth } from './folder-growth.ts';
import type { OnProgress } from './progress.ts';
import { messageOf, runTool, ToolError } from './run-tool.ts';
import type { ToolOptions } from './run-tool.ts';

/** The package that holds llama-server. Its libraries' names change with their versions, so apt names them. */
const PACKAGE = 'llama.cpp-tools';

/** Where to look, in this order: `forky` is the first release that has the package, `sid` gets repairs sooner. */
const SUITES = ['forky', 'sid'];

/**
 * Programs that the package depends on and a server does not need. apt is told that they are there, which spares a third
 * of the download (27 packages and 19 MB become 13 and 14 MB); all else it takes for missing, so it names every library.
 */
const NOT_NEEDED = ['debconf', 'wget', 'curl'];

/**
 * Isolates apt from the machine: no hooks of other programs, no default release (an error where our one suite lacks it),
 * no change of user (root would drop to one who cannot enter our folder), an update that fails says so, and a network that
 * is down is not waited for (by default 7 s a suite). What the administrator set for the network (proxies, timeouts,
 * credentials) stays.
 */
const APT_CONF = `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
APT::Default-Release "";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Retries "1";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
`;

export interface PackageOptions {
  /** An empty folder of ours, which keeps apt's state and the packages. */
  work: string;
  archives: readonly AptArchive[];
  /** Debian's name of it: `amd64`. */
  architecture: string;
  onProgress: OnProgress;
  run: ToolOptions;
}

/**
 * Downloads llama-server's package and every library it needs with this machine's apt-get, its keyrings checking them,
 * in a state of our own: needs no root and changes nothing outside `work`.
 *
 * @returns the paths of the `.deb` files
 * @throws {Error} with what apt said about each archive and suite tried
 */
export async function fetchPackages(options: PackageOptions): Promise<string[]> {
  const apt = await prepareApt(options);
  const failures: string[] = [];
  for (const archive of options.archives) {
    for (const suite of SUITES) {
      try {
        return await fetchFrom(archive, suite, apt, options);
      } catch (error) {
        if (!(error instanceof ToolError)) throw error;
        // a private mirror's password may stand in its address
        failures.push(`${archive.uri.replace(/\/\/[^/@]*@/, '//')} ${suite}: ${messageOf(error)}`);
      }
    }
  }
  throw new Error(failures.join('; '));
}

interface Apt {
  args: string[];
  lists: string;
  sources: string;
  packages: string;
}

/** Lays out apt's private state; the settings that hold paths are arguments, as a file would need them quoted. */
async function prepareApt({ work, architecture }: PackageOptions): Promise<Apt> {
  const [conf, state, cache] = [path.join(work, 'apt.conf'), path.join(work, 'state'), path.join(work, 'cache')];
  const [sources, packages] = [path.join(work, 'sources'), path.join(work, 'packages')];
  const status = path.join(state, 'status');
  const lists = path.join(state, 'lists');
  for (const folder of [lists, path.join(cache, 'archives', 'partial'), sources, packages]) {
    await mkdir(folder, { recursive: true });
  }
  const installed = NOT_NEEDED.map(
    (name) => `Package: ${name}\nStatus: install ok installed\nArchitecture: ${architecture}\nVersion: 999\n`,
  );
  await writeFile(status, installed.join('\n'));
  await writeFile(conf, APT_CONF);
  const settings = {
    'Dir::State': state,
    'Dir::State::status': status,
    'Dir::State::lists': lists,
    'Dir::Cache': cache,
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': sources,
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return { args: ['-q', '-c', conf, ...args], lists, sources, packages };
}

async function fetchFrom(archive: AptArchive, suite: string, apt: Apt, options: PackageOptions): Promise<string[]> {
  const { architecture, onProgress, run } = options;
  onProgress({ step: 'engine', message: `reading Debian’s package list (${suite})` });
  await rm(apt.lists, { recursive: true, force: true });
  await mkdir(path.join(apt.lists, 'partial'), { recursive: true });
  await writeFile(path.join(apt.sources, 'engine.sources'), sourceStanza(archive, suite, architecture));
  await runTool('apt-get', [...apt.args, 'update'], run);

  const planned = await runTool(
    'apt-get',
    [...apt.args, 'install', '-y', '--no-install-recommends', '--print-uris', PACKAGE],
    run,
  );
  const downloads = readDownloads(planned.stdout);
  const total = downloads.reduce((sum, download) => sum + download.size, 0);
  const report = (done: number): void =>
    onProgress({ step: 'engine', message: 'downloading llama-server', done: Math.min(done, total), total });
  report(0);
  {
    using _growth = watchFolderGrowth(apt.packages, report);
    const names = downloads.map((download) => download.name);
    await runTool('apt-get', [...apt.args, 'download', ...names], { ...run, directory: apt.packages });
  }
  report(total);
  const files = (await readdir(apt.packages)).filter((name) => name.endsWith('.deb'));
  if (files.length < downloads.length || downloads.length === 0) {
    throw new ToolError(`apt-get brought ${files.length} of ${downloads.length} packages`);
  }
  return files.map((name) => path.join(apt.packages, name));
}

/** Reads `'uri' name_version_architecture.deb size hash`, which `--print-uris` prints for each package. */
export function readDownloads(printed: string): { name: string; size: number }[] {
  return [...printed.matchAll(/^'[^']+' ([^_\s]+)_\S+\.deb (\d+)/gm)].map(([, name = '', size]) => ({
    name,
    size: Number(size),
  }));
}
