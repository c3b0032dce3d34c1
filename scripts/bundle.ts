import path from 'node:path';
import { rolldown, type OutputChunk } from 'rolldown';
import type { BuildStamp } from '@llamactl/server/build-stamp';
import { migrationFiles, MIGRATIONS_FOLDER } from '@llamactl/server/store/migration-files';

const ROOT = path.join(import.meta.dirname, '..');

/** Optional parts of ws in machine code, which it does without. */
const LEFT_OUT = ['bufferutil', 'utf-8-validate'];

/** How the program is put together. */
export interface BundleOptions {
  /** Replaced. */
  directory: string;
  stamp: BuildStamp;
  /** `modules`: `main.js` and what it loads when it is needed. `one script`: `main.js` alone, which a single executable runs. */
  form: 'modules' | 'one script';
}

/**
 * Puts the program and all that it is made of into JavaScript that needs nothing but Node.
 *
 * @returns folders of the packages from which something got into it
 * @throws {Error} something that it needs is missing
 */
export async function bundle({ directory, stamp, form }: BundleOptions): Promise<string[]> {
  const stands = new Map([
    ['server/build-stamp.ts', `export const BUILD_STAMP = ${JSON.stringify(stamp)};`],
    ['server/store/migration-files.ts', migrationModule()],
  ]);
  const build = await rolldown({
    cwd: ROOT,
    input: { main: path.join(ROOT, 'cli', 'main.ts') },
    platform: 'node',
    external: LEFT_OUT,
    // A comment above each module would say where it lies, and for packages that a link leads to that is outside the
    // checkout: what is built would depend on where.
    experimental: { attachDebugInfo: 'none' },
    plugins: [
      {
        name: 'modules that a package has others in place of',
        load: (id) => stands.get(path.relative(ROOT, id)) ?? null,
      },
    ],
    onLog: (_level, log) => {
      throw new Error(`the program cannot be put together: ${log.message}`);
    },
  });
  try {
    const { output } = await build.write({
      dir: directory,
      cleanDir: true,
      comments: { legal: false },
      ...(form === 'modules' ? { format: 'esm' } : { format: 'cjs', codeSplitting: false }),
    });
    const chunks = output.filter((each): each is OutputChunk => each.type === 'chunk');
    const code = new Map(chunks.flatMap(({ modules }) => Object.entries(modules).map(([id, { code }]) => [id, code])));
    for (const module of stands.keys()) {
      if (!code.has(path.join(ROOT, module))) throw new Error(`${module} is no part of the program any more`);
    }
    for (const [id, text] of code) {
      if (id.startsWith(ROOT) && packageFolder(id).length === 0) refuseCompany(id, text);
    }
    return [...new Set([...code.keys()].flatMap(packageFolder))].toSorted();
  } finally {
    await build.close();
  }
}

/** Beside the file of a package there is nothing: all that a module reads there would be missing. */
function refuseCompany(module: string, code: string | null): void {
  if (code !== null && /import\.meta\b|__dirname|__filename/.test(code)) {
    throw new Error(`${module} reads what lies beside it; in a package another module has to stand in its place`);
  }
}

/** The folder asked for is always our own: only tests have others. */
function migrationModule(): string {
  return `
    export const MIGRATIONS_FOLDER = '';
    export const migrationFiles = () => ${JSON.stringify(migrationFiles(MIGRATIONS_FOLDER))};
  `;
}

/** Of what npm installed. */
function packageFolder(module: string): string[] {
  const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module) ?? [];
  return folder === undefined ? [] : [folder];
}
