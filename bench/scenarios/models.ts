import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeGguf, type GgufValue } from '@llamactl/cli/quickstart/gguf-file';
import { codeOf } from '@llamactl/contract/reason';
import { Connection } from '../harness/connection.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import { until } from '../harness/patience.ts';
import { percentile } from '../harness/sample.ts';
import type { Bench, Readings, Scenario } from '../harness/scenario.ts';
import { consumptionOf } from '../harness/usage.ts';

const FOLDERS = 20;
/** Between two probes. */
const PROBE_EVERY_MS = 2;
const MB = 1_000_000;
const LIST = '/api/models';

/** A library as large as that of a file server. */
export const models: Scenario = {
  name: 'models',
  title: 'a library of 10 000 model files',
  method:
    '10 000 GGUF files with headers of 84 kB (4 000 tokens, 200 tensors) in 20 folders. The folder of all is moved into `models.dirs` of a ' +
    'server that is at rest, until the index is written: the first scan. Then one more file is added: the second scan. Meanwhile `GET /livez` every 2 ms ' +
    'on a connection that is kept open. Then `GET /api/models` 1 000 times as browsers and clients ask, which accept gzip. Then by turns in three ways, 1 000 times each: in the same way; not compressed, 4 MB that both processes have to move; and with the `ETag` of the list, which is answered with 304. 100 requests warm up. CPU is that of the server with all its threads.',
  figures: [
    { key: 'scan', what: 'CPU of the first scan', unit: 's', most: 20 },
    { key: 'loop', what: '`GET /livez` during it, p99', unit: 'ms', most: 5 },
    { key: 'rest', what: 'the same while the server is at rest', unit: 'ms' },
    { key: 'rescan', what: 'CPU of a scan after one change', unit: 's', most: 1 },
    { key: 'list', what: '`GET /api/models`, p99', unit: 'ms', most: 10 },
    { key: 'plain', what: 'the same, not compressed', unit: 'ms' },
    { key: 'ratio', what: 'medians: compressed to not compressed', unit: '×' },
    { key: 'crowded', what: 'by turns with it: compressed, p99', unit: 'ms' },
    { key: 'same', what: 'by turns with it: by a caller that has the list, p99', unit: 'ms' },
    { key: 'blocked', what: '`GET /livez` meanwhile, p99', unit: 'ms' },
    { key: 'memory', what: 'memory that the library adds, ten seconds later', unit: 'MB' },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const files = bench.isQuick ? 200 : 10_000;
    return () => readings(bench, files);
  },
};

async function readings(bench: Bench, files: number): Promise<Readings> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-bench-models-'));
  bench.belongings.add(() => rm(folder, { recursive: true, force: true }));
  await makeFiles(path.join(folder, 'draft'), files);
  const place = path.join(folder, 'models');
  const sources = { hugging_face: false, llama_cpp: false, ollama: false, lm_studio: false };
  const server = await MeasuredServer.create(bench, { models: { dirs: [place], sources } });
  await server.start();
  await pause(2_000, undefined, { signal: bench.signal });
  const before = server.usage().residentBytes;
  const isOver = AbortSignal.timeout(bench.isQuick ? 200 : 5_000);
  const atRest = await probe(server.port, isOver);
  const first = await scanAfter(bench, server, () => rename(path.join(folder, 'draft'), place));
  const second = await scanAfter(bench, server, () => writeFile(path.join(place, '0', 'one-more.gguf'), modelBytes()));
  const requests = bench.isQuick ? 50 : 1_000;
  const alone = await compressedLists(server.port, requests);
  const isListed = new AbortController();
  const meanwhile = probe(server.port, isListed.signal);
  const { compressed, plain, same } = await lists(server.port, requests);
  isListed.abort();
  await pause(bench.isQuick ? 0 : 10_000, undefined, { signal: bench.signal });
  const memory = (server.usage().residentBytes - before) / MB;
  await server.stop();
  return {
    scan: first.cpuMs / 1_000,
    loop: percentile(first.latencies, 0.99),
    rest: percentile(atRest, 0.99),
    rescan: second.cpuMs / 1_000,
    list: percentile(alone, 0.99),
    crowded: percentile(compressed, 0.99),
    plain: percentile(plain, 0.99),
    ratio: percentile(compressed, 0.5) / percentile(plain, 0.5),
    same: percentile(same, 0.99),
    blocked: percentile(await meanwhile, 0.99),
    memory,
  };
}

const ACCEPTS_GZIP = 'Accept-Encoding: gzip\r\n';

/** Milliseconds of requests for the compressed list. */
async function compressedLists(port: number, requests: number): Promise<number[]> {
  const connection = await Connection.open(port, ACCEPTS_GZIP);
  const times: number[] = [];
  for (let turn = -requests / 10; turn < requests; turn += 1) {
    const ms = await timeOf(connection, 200);
    // The first ones warm up.
    if (turn >= 0) times.push(ms);
  }
  connection.close();
  return times;
}

/** Milliseconds of requests for the list, by turns. */
async function lists(port: number, requests: number): Promise<Record<'compressed' | 'plain' | 'same', number[]>> {
  const compressed = await Connection.open(port, ACCEPTS_GZIP);
  const plain = await Connection.open(port);
  const tag = /^etag: (.*)$/im.exec((await plain.request('HEAD', LIST)).head)?.[1];
  if (tag === undefined) throw new Error('the list of models has no ETag');
  const same = await Connection.open(port, `If-None-Match: ${tag}\r\n`);
  const found = { compressed: [] as number[], plain: [] as number[], same: [] as number[] };
  for (let turn = 0; turn < requests; turn += 1) {
    const times = {
      compressed: await timeOf(compressed, 200),
      plain: await timeOf(plain, 200),
      same: await timeOf(same, 304),
    };
    found.compressed.push(times.compressed);
    found.plain.push(times.plain);
    found.same.push(times.same);
  }
  for (const connection of [compressed, plain, same]) connection.close();
  return found;
}

async function timeOf(connection: Connection, expected: number): Promise<number> {
  const { status, ms } = await connection.request('GET', LIST);
  if (status !== expected) throw new Error(`GET ${LIST} answered ${status} instead of ${expected}`);
  return ms;
}

/** Measures the server from a change in its folders until the scan has written the index. */
async function scanAfter(
  bench: Bench,
  server: MeasuredServer,
  change: () => Promise<void>,
): Promise<{ cpuMs: number; latencies: number[] }> {
  const index = path.join(server.dataDirectory, 'models.index');
  const written = await modifiedAt(index);
  const isOver = new AbortController();
  const probes = probe(server.port, isOver.signal);
  const { cpuMs } = await consumptionOf(server.pid, async () => {
    await change();
    await until('the end of a scan', async () => ((await modifiedAt(index)) === written ? null : true), {
      signal: bench.signal,
      everyMs: 50,
    });
  });
  isOver.abort();
  return { cpuMs, latencies: await probes };
}

async function modifiedAt(file: string): Promise<number> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** Latencies of probes in milliseconds, until the signal. */
async function probe(port: number, signal: AbortSignal): Promise<number[]> {
  const connection = await Connection.open(port);
  const latencies: number[] = [];
  while (!signal.aborted) {
    const { status, ms } = await connection.request('GET', '/livez');
    if (status !== 200) throw new Error(`GET /livez answered ${status}`);
    latencies.push(ms);
    await pause(PROBE_EVERY_MS);
  }
  connection.close();
  return latencies;
}

async function makeFiles(folder: string, files: number): Promise<void> {
  const bytes = modelBytes();
  for (let index = 0; index < FOLDERS; index += 1) {
    const own = path.join(folder, String(index));
    await mkdir(own, { recursive: true });
    for (let file = index; file < files; file += FOLDERS) {
      await writeFile(path.join(own, `an-organisation-model-${file}-Q4_K_M.gguf`), bytes);
    }
  }
}

/** A file with the header of a small model, and hardly any weights. */
function modelBytes(): Buffer {
  const tokens = Array.from({ length: 4_000 }, (_, index) => `token${index}`);
  const metadata = new Map<string, GgufValue>([
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['llama.context_length', { type: 'uint32', value: 4_096 }],
    ['tokenizer.chat_template', { type: 'string', value: '{{ messages }} '.repeat(250) }],
    ['tokenizer.ggml.tokens', { type: 'strings', value: tokens }],
  ]);
  const tensors = Array.from({ length: 200 }, (_, index) => ({
    name: `blk.${index}.attn_q.weight`,
    dimensions: [1, 1],
    data: new Float32Array(1),
  }));
  return encodeGguf(metadata, tensors);
}
