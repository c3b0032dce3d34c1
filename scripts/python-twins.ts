import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { GeneratedFile } from '@llamactl/contract/generated';
import { pythonTwin } from '@llamactl/contract/python-twin';

const ROOT = path.join(import.meta.dirname, '..');
const PACKAGE = 'clients/python/src/llamactl';
/** Modules without a generated twin: they are generated from the contract, or written by hand. */
const OTHERS = new Set(['connections.py', 'operations.py', 'socket.py', 'stream.py', 'timing.py']);

/**
 * The blocking modules of the Python client, generated from the asyncio ones, and a copy of the license for its
 * package.
 */
export async function pythonTwins(): Promise<GeneratedFile[]> {
  const names = (await readdir(path.join(ROOT, PACKAGE, '_async'))).filter((name) => name.endsWith('.py'));
  const twins = names
    .filter((name) => !OTHERS.has(name))
    .map(async (name) => ({
      path: `${PACKAGE}/_sync/${name}`,
      content: pythonTwin(await readFile(path.join(ROOT, PACKAGE, '_async', name), 'utf8')),
    }));
  const license = { path: 'clients/python/LICENSE', content: await readFile(path.join(ROOT, 'LICENSE'), 'utf8') };
  return [...(await Promise.all(twins)), license];
}
