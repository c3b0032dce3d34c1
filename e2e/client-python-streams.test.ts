import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { Client } from '@llamactl/client';
import { testClientPython, testModel } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { ServerProcess } from './server-process.ts';

/** The streams of the Python client for an instance while its server is killed, stopped and started again. */

const CLIENT = path.join(import.meta.dirname, '..', 'clients', 'python');

let server: ServerProcess | undefined;
const watchers: Watcher[] = [];

afterEach(async () => {
  await Promise.all(watchers.splice(0).map((watcher) => watcher.end()));
  await server?.dispose();
});

describe.runIf(isLong)('streams of the Python client', () => {
  it('go on over restarts of the server: nothing lost, nothing twice', async (context) => {
    const python = testClientPython();
    if ('missing' in python) {
      context.skip(python.missing);
      return;
    }
    server = await ServerProcess.create();
    await server.start();
    const client = new Client(server.url);
    await client.createInstance({ name: 'a', model_path: await testModel(), options: { threads: 1 } });
    watchers.push(...['blocking', 'asyncio'].map((mode) => new Watcher(python.program, [mode, client.url, 'a'])));
    const expected: string[] = [];
    const toldAll = async (...statuses: string[]): Promise<void> => {
      expected.push(...statuses);
      await Promise.all(watchers.map((watcher) => watcher.until(() => watcher.got('event').length >= expected.length)));
    };
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await client.startInstance('a', { wait: true });
      // Only what has begun goes on.
      await Promise.all(watchers.map((watcher) => watcher.until(() => watcher.got('log').length > 0)));
      // Sent events are stored. A state that a killed server had only answered may differ in the next server.
      await toldAll('starting', 'running');
      await server.end(signal);
      await server.start();
      await client.stopInstance('a', {}, { wait: true });
      await toldAll('stopping', 'stopped');
    }
    const { logs } = await client.getInstanceLogs('a', { lines: 10_000 });
    const lines = logs.map(({ seq }) => String(seq));
    await Promise.all(watchers.map((watcher) => watcher.until(() => watcher.got('log').length >= lines.length)));
    await client.deleteInstance('a');
    await toldAll('instance_deleted');
    for (const watcher of watchers) {
      expect(await watcher.ended).toBe(0);
      expect(watcher.got('event')).toEqual(expected);
      expect(watcher.got('log')).toEqual(lines);
      expect(watcher.errors).toBe('');
    }
  });
});

/** A program of Python that watches an instance, and prints what it gets. */
class Watcher {
  readonly ended: Promise<number | null>;
  errors = '';
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #wake = (): void => undefined;

  constructor(program: string, argv: readonly string[]) {
    const child = spawn(program, ['-B', '-W', 'error', path.join(CLIENT, 'tests', 'watch.py'), ...argv], {
      env: { PYTHONPATH: path.join(CLIENT, 'src') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    createInterface(child.stdout).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.ended = once(child, 'close').then(([code]) => code as number | null);
  }

  /** The items of one kind so far. */
  got(kind: 'event' | 'log'): string[] {
    return this.#lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
  }

  /** Resolves when enough items have come. @throws {Error} If the program ends before. */
  async until(isEnough: () => boolean): Promise<void> {
    const early = this.ended.then(() => {
      if (!isEnough()) throw new Error(`it ended before enough items came: ${this.errors}`);
    });
    early.catch(() => undefined);
    while (!isEnough()) await Promise.race([early, new Promise<void>((resolve) => (this.#wake = resolve))]);
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}
