import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BuildStamp } from '@llamactl/server/build-stamp';
import { launcherFlags } from '../e2e/launcher-flags.ts';
import { bundle } from './bundle.ts';
import { buildPage } from './page-build.ts';
import { thirdPartyLicences } from './third-party-licences.ts';

const ROOT = path.join(import.meta.dirname, '..');

/** The folder that `npm pack` takes the program from: see `files` and `bin` in package.json. */
export const NPM_FOLDER = path.join(ROOT, 'dist', 'npm');

/**
 * Builds the generated parts of the npm package: the program as JavaScript, and its launcher.
 *
 * @param directory These parts in it are replaced.
 * @returns folders of the packages whose code it contains
 */
export async function buildNpmPackage(directory: string, stamp: BuildStamp): Promise<string[]> {
  const folders = await bundle({
    directory: path.join(directory, 'lib'),
    stamp,
    page: await buildPage(),
    form: 'modules',
  });
  await mkdir(directory, { recursive: true });
  const launcher = await readFile(path.join(ROOT, 'packaging', 'npm', 'llamactl'), 'utf8');
  const file = path.join(directory, 'llamactl');
  await writeFile(file, launcher.replace('@NODE_FLAGS@', launcherFlags().join(' ')));
  await chmod(file, 0o755);
  await writeFile(path.join(directory, 'THIRD-PARTY-LICENCES.txt'), await thirdPartyLicences(folders));
  return folders;
}
