import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { constants, gzipSync } from 'node:zlib';
import { rolldown, type OutputChunk, type OutputOptions, type RolldownBuild } from 'rolldown';
import type { BuildStamp } from '@llamactl/server/build-stamp';
import { mediaTypeOf } from '@llamactl/server/http/web-page/page-file';
import { tagOf } from '@llamactl/server/http/web-page/page-folder';
import { migrationFiles, MIGRATIONS_FOLDER } from '@llamactl/server/store/migration-files';
import { packageFolder } from './package-folder.ts';
import type { PageBuild } from './page-build.ts';
import { smallerScript, withoutImports } from './smaller-code.ts';
import { STAND_INS } from './stand-ins.ts';

const ROOT = path.join(import.meta.dirname, '..');

/** Optional native parts of ws, which works without them. */
const LEFT_OUT = ['bufferutil', 'utf-8-validate'];

/** Options of the bundle. */
export interface BundleOptions {
  /** Its content is replaced. */
  directory: string;
  /**
   * `of the checkout`: the program reads the stamp when it starts. The directory must then be in `.cache/program` of
   * the checkout.
   */
  stamp: BuildStamp | 'of the checkout';
  /** The web page in it. Left out: the program reads that of the checkout, where its build puts it. */
  page?: PageBuild;
  /** The module that is run; left out: the command line. */
  entry?: string;
  /**
   * `modules`: `main.js`, which loads further files on demand, among them the server in one script. `one script`: only
   * `main.js`, for the single executable.
   */
  form: 'modules' | 'one script';
}

/**
 * Bundles the program and its dependencies into JavaScript that needs only Node.
 *
 * @returns folders of the packages whose code is in the bundle
 * @throws {Error} a dependency is missing
 */
export async function bundle(options: BundleOptions): Promise<string[]> {
  const { directory, stamp, page, entry, form } = options;
  const stands = new Map([
    ['server/build-stamp.ts', stamp === 'of the checkout' ? STAMP_OF_CHECKOUT : stampModule(stamp)],
    ['server/store/migration-files.ts', migrationModule()],
    ['server/models/downloads/worker-script.ts', await workerModule(TRANSFER_WORKER, 'startTransferWorker')],
    ['server/models/facts-worker-script.ts', await workerModule(FACTS_WORKER, 'startFactsWorker')],
    [PAGE_FILES, page === undefined ? PAGE_OF_CHECKOUT : pageModule(page)],
  ]);
  const put = (parts: Pick<Build, 'input' | 'output' | 'server'>): Promise<OutputChunk[]> =>
    built({ ...parts, directory, stands });
  const input = { main: entry ?? COMMAND_LINE };
  const chunks: OutputChunk[] = [];
  if (form === 'one script') chunks.push(...(await put({ input, output: ONE_SCRIPT })));
  else if (entry !== undefined) chunks.push(...(await put({ input, output: MODULES })));
  else {
    const server = await put({ input: { [SERVER]: MAIN_OF_SERVER }, output: SCRIPT_OF_SERVER });
    const file = path.join(directory, `${SERVER}.cjs`);
    await writeFile(file, smallerScript(await readFile(file, 'utf8')));
    const names = server.flatMap((chunk) => chunk.exports);
    chunks.push(...server, ...(await put({ input, output: MODULES, server: names })));
  }
  const code = new Map(chunks.flatMap(({ modules }) => Object.entries(modules).map(([id, { code }]) => [id, code])));
  for (const module of stands.keys()) {
    if (!code.has(path.join(ROOT, module))) throw new Error(`${module} is no part of the program any more`);
  }
  for (const [id, text] of code) {
    if (
      id.startsWith(ROOT) &&
      id !== COMPILED_SCRIPT &&
      packageFolder(id).length === 0 &&
      !OF_CHECKOUT.has(stands.get(path.relative(ROOT, id)) ?? '')
    )
      refuseCompany(id, text);
  }
  return [...new Set([...[...code.keys()].flatMap(packageFolder), ...(page?.packages ?? [])])].toSorted();
}

const COMMAND_LINE = path.join(ROOT, 'cli', 'main.ts');
const TRANSFER_WORKER = path.join(ROOT, 'server', 'models', 'downloads', 'transfer-worker.ts');
const FACTS_WORKER = path.join(ROOT, 'server', 'models', 'facts-worker.ts');
const MAIN_OF_SERVER = path.join(ROOT, 'server', 'main.ts');
/**
 * The server in a bundle of modules. It is a script of its own, so that its compiled code can be kept: see
 * `compiled-script.ts`.
 */
const SERVER = 'server';
const ONE_SCRIPT: OutputOptions = { format: 'cjs', codeSplitting: false };
const SCRIPT_OF_SERVER: OutputOptions = {
  ...ONE_SCRIPT,
  entryFileNames: '[name].cjs',
  postBanner: '(function (exports, require, module, __filename, __dirname) {',
  postFooter: '})',
};
const MODULES: OutputOptions = { format: 'esm' };

/** One run of the bundler. */
interface Build {
  input: Record<string, string>;
  output: OutputOptions;
  directory: string;
  /** Replacement texts, by the path of the replaced module. */
  stands: ReadonlyMap<string, string>;
  /** Exports of the server's script, which the modules load. Left out or `null`: the server is one of the modules. */
  server?: readonly string[] | null;
}

async function built({ directory, output, ...parts }: Build): Promise<OutputChunk[]> {
  const build = await bundler(parts);
  try {
    const written = await build.write({
      dir: directory,
      cleanDir: (parts.server ?? null) === null,
      comments: false,
      ...output,
    });
    return written.output.filter((each): each is OutputChunk => each.type === 'chunk');
  } finally {
    await build.close();
  }
}

function bundler({ input, stands, server = null }: Pick<Build, 'input' | 'stands' | 'server'>): Promise<RolldownBuild> {
  return rolldown({
    cwd: ROOT,
    input,
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
        name: 'modules that load late or never',
        resolveId: (id, _importer, { kind }) => {
          const name = `${kind} of ${id.replace(/^node:/, '')}`;
          return STAND_INS.has(name) ? name : null;
        },
        load: (id) => STAND_INS.get(id) ?? null,
      },
      {
        name: 'modules of Node without parts that load late',
        renderChunk: (code, _chunk, { format }) => (format === 'es' ? withoutImports(code) : null),
      },
      {
        name: 'the server in a script of its own',
        resolveId: (id) => (server !== null && id === '@llamactl/server/main' ? SERVER_SCRIPT : null),
        load: (id) => (server !== null && id === SERVER_SCRIPT ? serverModule(server) : null),
      },
    ],
    onLog: (_level, log) => {
      throw new Error(`the program cannot be put together: ${log.message}`);
    },
  });
}

const SERVER_SCRIPT = 'server-script';
const COMPILED_SCRIPT = path.join(ROOT, 'scripts', 'compiled-script.ts');

/** Loads the script of the server, and keeps its compiled code if the server runs. @param names its exports */
function serverModule(names: readonly string[]): string {
  const others = names.filter((name) => name !== 'serve');
  return `
    import { compiledScript } from ${JSON.stringify(COMPILED_SCRIPT)};
    import path from 'node:path';
    const script = compiledScript(path.join(import.meta.dirname, '${SERVER}.cjs'));
    export const { ${others.join(', ')} } = script.exports;
    export const serve = async (loaded, log, as) => {
      const onFirstAnswer = () => script.keep('relayed');
      const service = await script.exports.serve(loaded, log, { ...as, onFirstAnswer });
      // Not before: a server that cannot start has compiled only a part.
      script.keep('started');
      return service;
    };
  `;
}

/** Fails for modules that read files beside themselves, because packages have no such files. */
function refuseCompany(module: string, code: string | null): void {
  if (code !== null && /import\.meta\b|__dirname|__filename/.test(code)) {
    throw new Error(`${module} reads what lies beside it; in a package another module has to stand in its place`);
  }
}

/**
 * Reads the stamp when the program starts. Each commit changes the stamp, but only a changed source makes a new bundle.
 */
const STAMP_OF_CHECKOUT = `
  import { statSync } from 'node:fs';
  import path from 'node:path';
  import { checkedOutCommit } from './checkout.ts';
  const root = path.join(import.meta.dirname, '..', '..', '..');
  const { mtime } = statSync(path.join(root, 'server', 'build-stamp.ts'));
  export const BUILD_STAMP = { commit: checkedOutCommit(root), time: mtime.toISOString() };
`;

const PAGE_FILES = 'server/http/web-page/page-files.ts';

/** Reads the page when it is requested: each build of it replaces the files. */
const PAGE_OF_CHECKOUT = `
  import path from 'node:path';
  import { PageFolder } from './page-folder.ts';
  export const pageFiles = () => new PageFolder(path.join(import.meta.dirname, '..', '..', '..', 'web', 'dist'));
`;

/** Modules that read what lies in the checkout. */
const OF_CHECKOUT: ReadonlySet<string> = new Set([STAMP_OF_CHECKOUT, PAGE_OF_CHECKOUT]);

/**
 * The files as text in functions, which V8 compiles when they are called: a server whose page is not used has only the
 * source of them in memory. Afterwards each file is one buffer.
 */
function pageModule({ files }: PageBuild): string {
  const entries = [...files].map(([name, bytes]) => {
    if (mediaTypeOf(name) === null) throw new Error(`the web page has ${name}, and the server no media type for it`);
    const text = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }).toString('base64');
    return `[${JSON.stringify(name)}, { tag: '${tagOf(bytes)}', text: () => '${text}' }]`;
  });
  return `
    const FILES = new Map([${entries.join(',\n')}]);
    const used = new Map();
    export const pageFiles = () => ({
      read: async (name) => {
        const file = FILES.get(name);
        if (file === undefined) return null;
        if (!used.has(name)) used.set(name, { tag: file.tag, gzipped: Buffer.from(file.text(), 'base64') });
        return used.get(name);
      },
    });
  `;
}

function stampModule(stamp: BuildStamp): string {
  return `export const BUILD_STAMP = ${JSON.stringify(stamp)};`;
}

/** Ignores the requested folder: only tests have other folders. */
function migrationModule(): string {
  return `
    export const MIGRATIONS_FOLDER = '';
    export const migrationFiles = () => ${JSON.stringify(migrationFiles(MIGRATIONS_FOLDER))};
  `;
}

/**
 * A thread as text: a thread starts from a file or a text, and an executable has no files.
 *
 * @param start Name of the function that starts it.
 */
async function workerModule(worker: string, start: string): Promise<string> {
  const build = await bundler({ input: { worker }, stands: new Map() });
  try {
    const { output } = await build.generate({ ...ONE_SCRIPT, comments: { legal: false } });
    const [{ code, modules }] = output;
    for (const [id, module] of Object.entries(modules)) refuseCompany(id, module.code);
    return `
      const CODE = ${JSON.stringify(code)};
      export const ${start} = (workerData) => {
        const { Worker } = process.getBuiltinModule('node:worker_threads');
        return new Worker(CODE, { eval: true, workerData });
      };
    `;
  } finally {
    await build.close();
  }
}
