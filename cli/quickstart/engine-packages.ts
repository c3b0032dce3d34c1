import { reasonOf } from '@llamactl/contract/reason';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sourceStanza } from './apt-sources.ts';
import type { AptArchive } from './apt-sources.ts';
import { watchFolderGrowth } from './folder-growth.ts';
import type { OnProgress } from './progress.ts';
import { runTool, ToolError } from './run-tool.ts';
import type { ToolOptions } from './run-tool.ts';

/**
 * The package with llama-server. The names of its library packages change with their versions, so apt resolves them.
 */
const PACKAGE = 'llama.cpp-tools';

/** Suites to try, in this order: `forky` is the first release with the package, `sid` gets fixes sooner. */
const SUITES = ['forky', 'sid'];

/**
 * Dependencies that a server does not need. They are declared as installed to apt, which saves a third of the download
 * (27 packages and 19 MB become 13 and 14 MB). Everything else counts as missing, so apt lists every library.
 */
const NOT_NEEDED = ['debconf', 'wget', 'curl'];

/**
 * Isolates apt from the machine. Runs no hooks of other programs. Sets no default release, because apt fails if our one
 * suite lacks it. Does not change the user: as root, apt would switch to one that cannot enter our folder. A failed
 * update is an error, and apt does not wait for a network that is down (by default 7 s a suite). The administrator's
 * network settings (proxies, timeouts, credentials) stay.
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
  /** An empty folder for apt's state and the packages. */
  work: string;
  archives: readonly AptArchive[];
  /** Debian's name of the architecture: `amd64`. */
  architecture: string;
  onProgress: OnProgress;
  run: ToolOptions;
  /** Another package of llama.cpp. Default: that of llama-server. */
  name?: string;
}

/**
 * Downloads llama-server's package, or another one, and all its libraries with this machine's apt-get and keyrings, in a private state
 * folder. Needs no root, and changes nothing outside `work`.
 *
 * @returns the paths of the `.deb` files
 * @throws {Error} with apt's message for each archive and suite tried
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
        // the address of a private mirror may contain a password
        failures.push(`${archive.uri.replace(/\/\/[^/@]*@/, '//')} ${suite}: ${reasonOf(error)}`);
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

/** Lays out apt's private state. Settings with paths are passed as arguments, because a file would need quoting. */
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
  const { architecture, onProgress, run, name: wanted = PACKAGE } = options;
  onProgress({ step: 'engine', message: `reading Debian’s package list (${suite})` });
  await rm(apt.lists, { recursive: true, force: true });
  await mkdir(path.join(apt.lists, 'partial'), { recursive: true });
  await writeFile(path.join(apt.sources, 'engine.sources'), sourceStanza(archive, suite, architecture));
  await runTool('apt-get', [...apt.args, 'update'], run);

  const planned = await runTool(
    'apt-get',
    [...apt.args, 'install', '-y', '--no-install-recommends', '--print-uris', wanted],
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
    throw new ToolError(`apt-get downloaded ${files.length} of ${downloads.length} packages`);
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
