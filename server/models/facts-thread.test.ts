import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demoModelBytes } from '../../cli/quickstart/demo-model.ts';
import { FactsThread } from './facts-thread.ts';
import { startFactsWorker } from './facts-worker-script.ts';
import type { ReadableFile } from './file-facts.ts';

let folder: string;
let thread: FactsThread;
let started: Worker[];
let faults: unknown[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-facts-'));
  started = [];
  faults = [];
  thread = threadOf(startFactsWorker);
});
afterEach(async () => {
  thread.rest();
  await rm(folder, { recursive: true });
});

function threadOf(start: () => Worker): FactsThread {
  return new FactsThread({
    start: () => {
      const worker = start();
      started.push(worker);
      return worker;
    },
    onFault: (error) => faults.push(error),
  });
}

async function put(name: string, content: Buffer | string = demoModelBytes()): Promise<ReadableFile> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return { path: file, kind: 'gguf', relative: name, repo: null };
}

describe('the thread that reads model files', () => {
  it('reads them in their order, several lists with one thread', async () => {
    const [good, page] = [await put('a-Q8_0.gguf'), await put('b.gguf', '<html>')];
    expect(await thread.read([good, page, good])).toMatchObject([
      { facts: { architecture: 'llama', quantization: 'Q8_0' }, problem: null },
      { facts: null, problem: 'is not a GGUF file: it is a web page that was saved instead of the model' },
      { problem: null },
    ]);
    expect(await thread.read([page])).toMatchObject([
      { problem: 'is not a GGUF file: it is a web page that was saved instead of the model' },
    ]);
    expect([started.length, faults]).toEqual([1, []]);
  });

  it('ends with the scan, and starts again for the next one', async () => {
    const file = await put('a.gguf');
    await thread.read([file, file, file]);
    const ended = started.map((worker) => once(worker, 'exit'));
    thread.rest();
    await Promise.all(ended);
    expect(await thread.read([file, file, file])).toHaveLength(3);
    expect([started.length, faults]).toEqual([2, []]);
  });

  it('is not started for one new file', async () => {
    expect(await thread.read([await put('a.gguf')])).toMatchObject([{ problem: null }]);
    expect(started).toEqual([]);
  });

  it('leaves a file that a disk does not send, when the scan ends', async () => {
    const silent = threadOf(() => new Worker('setInterval(() => undefined, 1_000)', { eval: true }));
    const file = await put('a.gguf');
    const reading = silent.read([file, file, file]);
    silent.rest();
    await expect(reading).rejects.toThrow('The scan has ended.');
  });

  it.each([
    [
      'cannot start',
      () => {
        throw new Error('EAGAIN');
      },
    ],
    ['fails', () => new Worker('throw new Error("no memory")', { eval: true })],
    ['ends', () => new Worker('process.exit()', { eval: true })],
  ])('that %s is reported, and the files are read without it', async (_what, start: () => Worker) => {
    const broken = threadOf(start);
    const file = await put('a.gguf');
    const llama = { facts: { architecture: 'llama' } };
    expect(await broken.read([file, file, file])).toMatchObject([llama, llama, llama]);
    expect(faults).toHaveLength(1);
  });
});
