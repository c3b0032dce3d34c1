import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '@llamactl/contract/reason';
import { buildPage } from './page-build.ts';

/**
 * Builds the web page of this checkout for its launcher, which runs this again when a source is newer than
 * `index.html`. A running server reads the files of the last build, so the new ones replace the folder at once.
 */

const ROOT = path.join(import.meta.dirname, '..');
const BUILT = path.join(ROOT, 'web', 'dist');
const DRAFTS = path.join(ROOT, '.cache', 'page');

// Read before the sources are, so a source that changes meanwhile is newer.
const begun = new Date();
const { files } = await buildPage();
const draft = path.join(DRAFTS, `${begun.getTime()}-${process.pid}`);
const old = `${draft}.old`;
try {
  for (const [name, bytes] of files) {
    const file = path.join(draft, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  await utimes(path.join(draft, 'index.html'), begun, begun);
  await rename(BUILT, old).catch(unless('ENOENT'));
  // Another launcher has just put the same build there.
  await rename(draft, BUILT).catch(unless('ENOTEMPTY'));
} finally {
  await rm(draft, { recursive: true, force: true });
  await rm(old, { recursive: true, force: true });
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (codeOf(error) !== code) throw error;
  };
}
