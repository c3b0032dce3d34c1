import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BuildStamp } from '@llamactl/server/build-stamp';
import { launcherFlags } from '../e2e/launcher-flags.ts';
import { bundle } from './bundle.ts';
import { thirdPartyLicences } from './third-party-licences.ts';

const ROOT = path.join(import.meta.dirname, '..');

/** Where `npm pack` takes the program from: `files` and `bin` of package.json name it. */
export const NPM_FOLDER = path.join(ROOT, 'dist', 'npm');

/**
 * Builds what the npm package has beside the pages of this repository: the program as JavaScript, and its launcher.
 *
 * @param directory Its parts are replaced.
 * @returns folders of the packages of which there is code in it
 */
export async function buildNpmPackage(directory: string, stamp: BuildStamp): Promise<string[]> {
  const folders = await bundle({ directory: path.join(directory, 'lib'), stamp, form: 'modules' });
  await mkdir(directory, { recursive: true });
  const launcher = await readFile(path.join(ROOT, 'packaging', 'npm', 'llamactl'), 'utf8');
  const file = path.join(directory, 'llamactl');
  await writeFile(file, launcher.replace('@NODE_FLAGS@', launcherFlags().join(' ')));
  await chmod(file, 0o755);
  await writeFile(path.join(directory, 'THIRD-PARTY-LICENCES.txt'), await thirdPartyLicences(folders));
  return folders;
}
