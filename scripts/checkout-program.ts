import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundle } from './bundle.ts';

/**
 * Bundles the program of this checkout for its launcher. From the bundle, a server starts in half the time and takes 15
 * MB less. The launcher runs this again when a source is newer than `begun`.
 */

/** How many bundles stay: a running server loads further files of its own bundle on demand. */
const KEPT = 5;

const PROGRAM = path.join(import.meta.dirname, '..', '.cache', 'program');

await mkdir(PROGRAM, { recursive: true });
const name = `${Date.now()}-${process.pid}`;
// Written before the sources are read, so a source that changes meanwhile is newer.
const begun = path.join(PROGRAM, `${name}.begun`);
await writeFile(begun, '');
try {
  await bundle({ directory: path.join(PROGRAM, name), stamp: 'of the checkout', form: 'modules' });
  const link = path.join(PROGRAM, `${name}.link`);
  await symlink(name, link);
  await rename(link, path.join(PROGRAM, 'current'));
  await rename(begun, path.join(PROGRAM, 'begun'));
} catch (error) {
  await rm(begun);
  throw error;
}
const bundles = (await readdir(PROGRAM)).filter((each) => /^\d+-\d+$/.test(each)).toSorted();
for (const old of bundles.slice(0, -KEPT)) await rm(path.join(PROGRAM, old), { recursive: true, force: true });
