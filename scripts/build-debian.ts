import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { VERSION } from '@llamactl/server/version';
import { buildDebianPackage } from './debian-package.ts';
import { buildExecutable } from './executable.ts';
import { sourceStamp } from './source-stamp.ts';

/** Builds the Debian package for this machine's platform in dist/. Needs `dpkg-deb`. */
const root = path.join(import.meta.dirname, '..');
const stamp = await sourceStamp(root, process.env);
const work = await mkdtemp(path.join(os.tmpdir(), 'llamactl-debian-'));
try {
  const executable = path.join(work, 'llamactl');
  const licences = path.join(work, 'licences');
  const tree = path.join(work, 'tree');
  const folder = path.join(root, 'dist');
  await Promise.all([mkdir(tree), mkdir(folder, { recursive: true })]);
  await writeFile(licences, await buildExecutable(executable, stamp));
  const epoch = Math.floor(Date.parse(stamp.time) / 1_000);
  const name = await buildDebianPackage(folder, tree, {
    root,
    version: VERSION,
    epoch,
    executable,
    licences,
    homepage: null,
  });
  process.stdout.write(`built: ${path.join(folder, name)}\n`);
} finally {
  await rm(work, { recursive: true, force: true });
}
