import { chmod, readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** `ld-linux-x86-64.so.2`, `ld-linux-aarch64.so.1` */
const LOADER = /^ld-linux.*\.so\.\d+$/;

/**
 * Creates `llama-server` in the root folder of the unpacked packages: a script that starts the program with the
 * packages' own loader. Its libraries may need a newer loader than the system has.
 *
 * @throws {Error} naming the missing files
 */
export async function writeLauncher(root: string): Promise<void> {
  const { libraries, loader } = await findLoader(root);
  await placeCpuKinds(path.join(root, libraries));
  const file = path.join(root, 'llama-server');
  await writeFile(file, script(libraries, loader));
  await chmod(file, 0o755);
}

/** Finds the libraries' folder, relative to the root and named after the architecture, and the loader in it. */
async function findLoader(root: string): Promise<{ libraries: string; loader: string }> {
  for (const entry of await readdir(path.join(root, 'usr', 'lib'), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const libraries = path.join('usr', 'lib', entry.name);
    const loader = (await readdir(path.join(root, libraries))).find((name) => LOADER.test(name));
    if (loader !== undefined) return { libraries, loader };
  }
  throw new Error('the packages contain no loader (ld-linux*.so.*)');
}

/**
 * Moves ggml's CPU-specific code beside the loader. ggml loads it from the folder of the running program, which for the
 * kernel is the loader; Debian has it in `ggml/backends0`.
 */
async function placeCpuKinds(libraries: string): Promise<void> {
  const folders = await readdir(path.join(libraries, 'ggml'));
  let placed = 0;
  for (const folder of folders.filter((name) => name.startsWith('backends'))) {
    const from = path.join(libraries, 'ggml', folder);
    for (const name of (await readdir(from)).filter((candidate) => candidate.endsWith('.so'))) {
      await rename(path.join(from, name), path.join(libraries, name));
      placed += 1;
    }
  }
  if (placed === 0) throw new Error('the packages contain no CPU code of ggml (ggml/backends*/*.so)');
}

/**
 * The script finds its folder through `$0`, so the whole folder can be moved. It uses only builtins of `sh`, because a
 * fork would add a millisecond to every start and every `--version`. `readlink` runs only for a link to the script.
 */
function script(libraries: string, loader: string): string {
  return `#!/bin/sh
# Starts llama-server with the loader and libraries it was built for; see quickstart in llamactl.
self=$0
[ -L "$self" ] && self=$(readlink -f -- "$self")
case $self in */*) here=\${self%/*} ;; *) here=. ;; esac
libraries=$here/${libraries}
exec "$libraries/${loader}" --library-path "$libraries:$libraries/llama" "$here/usr/bin/llama-server" "$@"
`;
}
