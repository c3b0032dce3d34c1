import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..');
/** What git does not keep, and git's own. */
const LEFT_OUT = new Set(['.git', '.cache', 'coverage', 'dist', 'node_modules', '__pycache__']);

/**
 * Copies this checkout as it stands, so that what is built in it stays there. It is no repository.
 *
 * @param folder Is made.
 * @param options.isInstalled Whether the packages are there, as after `npm ci`: those of this checkout.
 */
export async function copyCheckout(folder: string, { isInstalled }: { isInstalled: boolean }): Promise<void> {
  await cp(ROOT, folder, { recursive: true, filter: (file) => !LEFT_OUT.has(path.basename(file)) });
  if (!isInstalled) return;
  const [from, to] = [ROOT, folder].map((each) => path.join(each, 'node_modules')) as [string, string];
  await mkdir(to);
  for (const name of await readdir(from)) {
    // Its own packages are links out of this folder, and have to lead to the copy.
    if (name === '@llamactl')
      await cp(path.join(from, name), path.join(to, name), { recursive: true, verbatimSymlinks: true });
    else await symlink(path.join(from, name), path.join(to, name));
  }
}
