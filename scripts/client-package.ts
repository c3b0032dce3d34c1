import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import client from '../client/package.json' with { type: 'json' };

const ROOT = path.join(import.meta.dirname, '..');

/** Node 20 is the oldest tested version. */
const PACKAGE = {
  name: client.name,
  version: client.version,
  description:
    'Client of llamactl, the control plane for local LLM inference: its whole API, typed, without dependencies',
  license: client.license,
  type: client.type,
  sideEffects: false,
  // For tools with the old package resolution, such as TypeScript with `moduleResolution: node`.
  main: './index.js',
  types: './index.d.ts',
  exports: { '.': { types: './index.d.ts', default: './index.js' }, './package.json': './package.json' },
  engines: { node: '>=20' },
};

/**
 * Builds the client library for publishing: JavaScript for Node and browsers, and its types.
 *
 * @param directory Its content is replaced.
 * @throws {Error} with the compiler's output
 */
export async function buildClient(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const compiler = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const project = path.join(ROOT, 'client', 'tsconfig.build.json');
  await runTool(process.execPath, [compiler, '-p', project, '--outDir', directory], { environment: process.env });
  await nameTypesByScript(directory);
  await writeFile(path.join(directory, 'package.json'), `${JSON.stringify(PACKAGE, null, 2)}\n`);
  await copyFile(path.join(ROOT, 'client', 'README.md'), path.join(directory, 'README.md'));
  await copyFile(path.join(ROOT, 'LICENSE'), path.join(directory, 'LICENSE'));
}

/** Replaces `./x.ts` by `./x.js` in declarations. The compiler leaves these paths, which some tools cannot resolve. */
async function nameTypesByScript(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.d.ts')) continue;
    const file = path.join(directory, name);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll(/((?:from|import\()\s*'\.\/[\w-]+)\.ts'/g, "$1.js'"));
  }
}
