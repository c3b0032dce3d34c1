import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Rolldown } from 'vite';
import { packageFolder } from './package-folder.ts';

const ROOT = path.join(import.meta.dirname, '..');
const WEB = path.join(ROOT, 'web');
/** The page's styles import it, which is no module of the build. */
const STYLES = path.join(ROOT, 'node_modules', 'tailwindcss');

/** The files of the web page, and the code of others in them. */
export interface PageBuild {
  /** By name: `index.html`, `assets/page-1a2b.js`. */
  files: ReadonlyMap<string, Buffer>;
  /** Folders of the packages whose code the files contain. */
  packages: readonly string[];
}

/** Builds the web page, and writes nothing. @throws {Error} with the output of the failed build */
export async function buildPage(): Promise<PageBuild> {
  const built = await inProduction(() =>
    build({
      root: WEB,
      configFile: path.join(WEB, 'vite.config.ts'),
      logLevel: 'warn',
      build: { write: false, rolldownOptions: { checks: { pluginTimings: false } } },
    }),
  );
  const [output, ...others] = [built].flat();
  if (output === undefined || !('output' in output) || others.length > 0) {
    throw new Error('the web page has another number of builds than one');
  }
  const files = new Map(output.output.map((file) => [file.fileName, contentOf(file)]));
  for (const name of await filesIn(path.join(WEB, 'public'))) {
    files.set(name, await readFile(path.join(WEB, 'public', name)));
  }
  const modules = output.output.flatMap((file) => (file.type === 'chunk' ? Object.keys(file.modules) : []));
  const packages = new Set([STYLES, ...modules.flatMap(packageFolder)]);
  return { files: new Map([...files].toSorted(byName)), packages: [...packages].toSorted() };
}

/** A test has its own NODE_ENV, with which a build gets the slow React for developers: 230 KB instead of 160. */
async function inProduction<Result>(work: () => Promise<Result>): Promise<Result> {
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
}

function contentOf(file: Rolldown.OutputChunk | Rolldown.OutputAsset): Buffer {
  return Buffer.from(file.type === 'chunk' ? file.code : file.source);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.relative(folder, path.join(parentPath, name)));
}

function byName([one]: [string, Buffer], [other]: [string, Buffer]): number {
  return one < other ? -1 : 1;
}
