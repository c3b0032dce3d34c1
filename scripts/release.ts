import path from 'node:path';
import { parseArgs } from 'node:util';
import { findProgram } from '@llamactl/cli/quickstart/find-engine';
import { makeRelease } from './release-artifacts.ts';
import { releaseProblems } from './release-checks.ts';
import { git, releaseState } from './release-state.ts';
import { sourceStamp } from './source-stamp.ts';
import { testClientPython } from './test-assets.ts';

/**
 * Makes all files of a release in dist/release/ after checking its preconditions; publishes nothing
 * (docs/releasing.md).
 *
 *   --dry-run         only checks, and lists the files
 *   --downloads=URL   download folder of the npm package; without it no Homebrew formula is made
 *   --homepage=URL    home page in that formula; default: the download folder
 */
const ROOT = path.join(import.meta.dirname, '..');

const { values } = parseArgs({
  options: {
    'dry-run': { type: 'boolean', default: false },
    downloads: { type: 'string' },
    homepage: { type: 'string' },
  },
});
const state = await releaseState(ROOT);
const { version } = state;
const problems = releaseProblems(state);
for (const problem of problems) process.stderr.write(`release: ${problem}\n`);
if (problems.length > 0) process.exitCode = 1;
else if (values['dry-run']) process.stdout.write(`nothing stands against a release of ${version}\n`);
else await make(values.downloads ?? null, values.homepage ?? null);

async function make(downloads: string | null, homepage: string | null): Promise<void> {
  // The same commit gives the same files at any time.
  const epoch = Number((await git(ROOT, 'log', '-1', '--format=%ct')).trim());
  const stamp = await sourceStamp(ROOT, { ...process.env, SOURCE_DATE_EPOCH: String(epoch) });
  const directory = path.join(ROOT, 'dist', 'release');
  const addresses = downloads === null ? null : { downloads, homepage: homepage ?? downloads };
  const python = testClientPython();
  const program = 'missing' in python ? null : python.program;
  const hasDpkg = (await findProgram('dpkg-deb', process.env['PATH'])) !== null;
  const parts = { root: ROOT, version, stamp, epoch, addresses, python: program, hasDpkg };
  const names = await makeRelease(directory, parts);
  for (const name of names) process.stdout.write(`${path.join(directory, name)}\n`);
  const left = [
    ...(addresses === null ? ['no llamactl.rb, because its download URL is unknown: add --downloads=URL'] : []),
    ...('missing' in python ? [`no packages of the Python client: ${python.missing}`] : []),
    ...(hasDpkg ? [] : ['no Debian package: this machine has no dpkg-deb']),
  ];
  for (const one of left) process.stderr.write(`release: ${one}\n`);
}
