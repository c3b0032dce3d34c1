import path from 'node:path';
import { rolldown, type OutputChunk } from 'rolldown';
import type { BuildStamp } from '@llamactl/server/build-stamp';
import { migrationFiles, MIGRATIONS_FOLDER } from '@llamactl/server/store/migration-files';

const ROOT = path.join(import.meta.dirname, '..');

/** Optional native parts of ws, which works without them. */
const LEFT_OUT = ['bufferutil', 'utf-8-validate'];

const HTTP = 'node:http without undici';
/**
 * An `import` of `node:http` reads all its exports. One of them, `WebSocket`, loads undici, which takes 35 ms. Only the names
 * that the program uses are here; the bundle fails for others.
 */
const HTTP_MODULE = `
  const http = process.getBuiltinModule('node:http');
  export default http;
  export const { Agent, IncomingMessage, METHODS, Server, ServerResponse, STATUS_CODES, createServer, get, request } = http;
`;

/** Options of the bundle. */
export interface BundleOptions {
  /** Its content is replaced. */
  directory: string;
  /** `of the checkout`: read when the program starts. The checkout then has the directory in `.cache/program`. */
  stamp: BuildStamp | 'of the checkout';
  /** The module that is run; left out: the command line. */
  entry?: string;
  /**
   * `modules`: `main.js`, which loads further files on demand. `one script`: only `main.js`, for the single executable.
   */
  form: 'modules' | 'one script';
}

/**
 * Bundles the program and its dependencies into JavaScript that needs only Node.
 *
 * @returns folders of the packages whose code is in the bundle
 * @throws {Error} a dependency is missing
 */
export async function bundle({
  directory,
  stamp,
  entry = path.join(ROOT, 'cli', 'main.ts'),
  form,
}: BundleOptions): Promise<string[]> {
  const stands = new Map([
    ['server/build-stamp.ts', stamp === 'of the checkout' ? STAMP_OF_CHECKOUT : stampModule(stamp)],
    ['server/store/migration-files.ts', migrationModule()],
  ]);
  const build = await rolldown({
    cwd: ROOT,
    input: { main: entry },
    platform: 'node',
    external: LEFT_OUT,
    // A comment above each module would contain its path. Linked packages are outside the checkout, so the result would
    // depend on its location.
    experimental: { attachDebugInfo: 'none' },
    plugins: [
      {
        name: 'modules that a package has others in place of',
        load: (id) => stands.get(path.relative(ROOT, id)) ?? null,
      },
      {
        name: 'node:http without undici',
        resolveId: (id, _importer, { kind }) => (id === 'node:http' && kind === 'import-statement' ? HTTP : null),
        load: (id) => (id === HTTP ? HTTP_MODULE : null),
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
      if (
        id.startsWith(ROOT) &&
        packageFolder(id).length === 0 &&
        stands.get(path.relative(ROOT, id)) !== STAMP_OF_CHECKOUT
      )
        refuseCompany(id, text);
    }
    return [...new Set([...code.keys()].flatMap(packageFolder))].toSorted();
  } finally {
    await build.close();
  }
}

/** Fails for modules that read files beside themselves, because packages have no such files. */
function refuseCompany(module: string, code: string | null): void {
  if (code !== null && /import\.meta\b|__dirname|__filename/.test(code)) {
    throw new Error(`${module} reads what lies beside it; in a package another module has to stand in its place`);
  }
}

/** A stamp changes with each commit, also where no source changes. */
const STAMP_OF_CHECKOUT = `
  import { statSync } from 'node:fs';
  import path from 'node:path';
  import { checkedOutCommit } from './checkout.ts';
  const root = path.join(import.meta.dirname, '..', '..', '..');
  const { mtime } = statSync(path.join(root, 'server', 'build-stamp.ts'));
  export const BUILD_STAMP = { commit: checkedOutCommit(root), time: mtime.toISOString() };
`;

function stampModule(stamp: BuildStamp): string {
  return `export const BUILD_STAMP = ${JSON.stringify(stamp)};`;
}

/** The requested folder is always our own: only tests have others. */
function migrationModule(): string {
  return `
    export const MIGRATIONS_FOLDER = '';
    export const migrationFiles = () => ${JSON.stringify(migrationFiles(MIGRATIONS_FOLDER))};
  `;
}

/** The folder of an installed package. */
function packageFolder(module: string): string[] {
  const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module) ?? [];
  return folder === undefined ? [] : [folder];
}
