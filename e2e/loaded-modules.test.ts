import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ServerProcess } from './server-process.ts';

/** Modules of Node that a server at rest does not need. Together they take 3 MB, and the start takes longer by a tenth. */
const NOT_NEEDED = [
  'assert',
  'http2',
  'https',
  'internal/deps/undici/undici',
  'readline/promises',
  'tls',
  'worker_threads',
];

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-modules-'));
});

afterEach(() => rm(folder, { recursive: true }));

it('a server loads no module of Node that only some requests need', async () => {
  const list = path.join(folder, 'list');
  const reporter = path.join(folder, 'reporter.cjs');
  await writeFile(
    reporter,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(list)}, process.moduleLoadList.join('\\n')));`,
  );
  const server = await ServerProcess.create('', () => ['env', `NODE_OPTIONS=--require=${reporter}`]);
  try {
    await server.start();
    expect((await server.call('GET', '/api/instances')).status).toBe(200);
    await server.end('SIGTERM');
  } finally {
    await server.dispose();
  }
  const loaded = (await readFile(list, 'utf8')).split('\n');
  expect(loaded).toContain('NativeModule http');
  expect(NOT_NEEDED.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual([]);
});
