import { chmod, copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { codeOf } from '@llamactl/contract/reason';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import type { BuildStamp } from '@llamactl/server/build-stamp';
import { launcherFlags } from '../e2e/launcher-flags.ts';
import { bundle } from './bundle.ts';
import { buildPage } from './page-build.ts';
import { packageFacts, thirdPartyLicences } from './third-party-licences.ts';

/** Node's marker byte for an embedded program. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Paths are relative and the random seed (below) is fixed: both end up in the executable, which must be the same
 * everywhere.
 */
const SEA = {
  main: 'main.js',
  output: 'blob',
  disableExperimentalSEAWarning: true,
  // Saves 60 ms of 130 at each start.
  useCodeCache: true,
  execArgv: launcherFlags(),
  // NODE_OPTIONS applies, as for every Node.
  execArgvExtension: 'env',
};

/** Path of the single executable for this machine's platform. */
export const EXECUTABLE = path.join(
  import.meta.dirname,
  '..',
  'dist',
  'executable',
  `llamactl-${process.platform}-${process.arch}`,
);

/**
 * Builds the single executable: the present Node with the program inside.
 *
 * @param file Replaced after a successful build; its folder exists.
 * @returns the licences to ship with it
 * @throws {Error} with the output of a failed tool
 */
export async function buildExecutable(file: string, stamp: BuildStamp): Promise<string> {
  const postject = postjectProgram(createRequire(import.meta.url).resolve);
  const work = await mkdtemp(path.join(os.tmpdir(), 'llamactl-executable-'));
  const draft = `${file}.draft-${process.pid}`;
  const run = { environment: process.env };
  const ownNode = await nodeFolder();
  try {
    const folders = await bundle({ directory: work, stamp, page: await buildPage(), form: 'one script' });
    const blob = path.join(work, SEA.output);
    await writeFile(path.join(work, 'executable.json'), JSON.stringify(SEA));
    const prepare = ['--random-seed=1', '--experimental-sea-config', 'executable.json'];
    await runTool(process.execPath, prepare, { ...run, directory: work });
    await copyFile(process.execPath, draft);
    await chmod(draft, 0o755);
    const words = [draft, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE];
    await runTool(process.execPath, [postject, ...words], run);
    await rename(draft, file);
    return await thirdPartyLicences([...folders, ownNode]);
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(draft, { force: true });
  }
}

/**
 * The program that puts a blob into an executable.
 *
 * @throws {Error} it is not installed; the message says what to run
 */
export function postjectProgram(resolve: (id: string) => string): string {
  try {
    return resolve('postject/dist/cli.js');
  } catch (error) {
    if (codeOf(error) !== 'MODULE_NOT_FOUND') throw error;
    throw new Error('postject is not installed, which puts the program into a Node: run `npm ci`, then this again', {
      cause: error,
    });
  }
}

/**
 * The folder of the npm package that contains a Node; it has the licence for redistribution.
 *
 * @param program Default: the present Node.
 * @throws {Error} it is not from a package; the message says what to run instead
 */
export async function nodeFolder(program = process.execPath): Promise<string> {
  const folder = path.join(path.dirname(program), '..');
  const facts = await packageFacts(folder).catch(() => null);
  if (facts?.name.startsWith('node-') === true) return folder;
  throw new Error(
    `${program} is not the Node of the npm packages, whose licence has to go with it: run \`npm ci\`, then \`npm run build:executable\``,
  );
}
