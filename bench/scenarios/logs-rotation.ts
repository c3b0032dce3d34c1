import { statSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { testModel } from '../../scripts/test-assets.ts';
import { Follower } from '../harness/follower.ts';
import { filesBelow, onlyFile } from '../harness/log-files.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import { OpenStream } from '../harness/open-stream.ts';
import { until } from '../harness/patience.ts';
import { median } from '../harness/sample.ts';
import type { Bench, Readings, Scenario } from '../harness/scenario.ts';
import { StopWatch } from '../harness/stop-watch.ts';
import { WRITER_SECTIONS, WritingEngine } from '../harness/writing-engine.ts';

const LINES_PER_SECOND = 100_000;
/** Rotates every other second; nothing is dropped meanwhile. */
const BUSY = { max_size_mb: 20, max_total_mb: 2_000 };
/** The default. */
const USUAL = { max_size_mb: 100, max_total_mb: 500 };
const PIECE = Buffer.from(`${'.'.repeat(99)}\n`.repeat(10_000));
const PIECES = 101;

/** For how long a rotation stops the engine. */
export const logsRotation: Scenario = {
  name: 'logs-rotation',
  title: 'the engine’s stop for the cut of its log',
  method:
    'A rotation copies while the engine writes, and stops it for the rest and the cut. Two engines: a program that writes ' +
    '100 000 numbered lines of 100 bytes a second, rotated at 20 MB, with a follower that checks the numbers; and the real ' +
    'llama-server with a model of 2 MB and one thread that streams tokens while its log is filled up to 100 MB from outside, again and ' +
    'again. A process of its own looks every 0.2 ms whether the engine is stopped.',
  figures: [
    { key: 'flood', what: 'stop at 10 MB/s, median', unit: 'ms', most: 10 },
    { key: 'floodMost', what: 'stop at 10 MB/s, longest', unit: 'ms' },
    { key: 'stops', what: 'stops a rotation', unit: '×', most: 1.5 },
    { key: 'wrong', what: 'lines lost or repeated', unit: 'lines', most: 0 },
    { key: 'stream', what: 'stop under a token stream, median', unit: 'ms', most: 10 },
    { key: 'streamMost', what: 'stop under a token stream, longest', unit: 'ms' },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const busy = await MeasuredServer.create(bench, { ...WRITER_SECTIONS, logs: BUSY });
    const usual = await MeasuredServer.create(bench, { logs: USUAL });
    for (const server of [busy, usual]) await server.start();
    return async () => ({ ...(await atFullSpeed(busy, bench)), ...(await underTokenStream(usual, bench)) });
  },
};

async function atFullSpeed(server: MeasuredServer, bench: Bench): Promise<Readings> {
  const engine = await WritingEngine.start(server, 'flood');
  const { pid } = await server.instance('flood');
  const watch = await StopWatch.start(bench, pid ?? 0);
  const follower = Follower.start(bench, engine.followUrl);
  await engine.pace(LINES_PER_SECOND);
  await pause(bench.isQuick ? 6_000 : 20_000, undefined, { signal: bench.signal });
  await engine.pace(0);
  const last = await engine.written();
  const { lost, repeated, gaps } = await follower.report(last);
  const stops = await watch.stops();
  if (stops.length === 0) throw new Error('the log was not rotated: the figure would say nothing');
  const archives = filesBelow(path.join(server.dataDirectory, 'instances')).filter((file) => file.endsWith('.cut'));
  for (const each of [watch, follower]) await each.end();
  await engine.remove();
  return {
    flood: median(stops),
    floodMost: Math.max(...stops),
    stops: stops.length / archives.length,
    wrong: lost + repeated + gaps,
  };
}

async function underTokenStream(server: MeasuredServer, bench: Bench): Promise<Readings> {
  await server.create({ name: 'stream', model_path: await testModel(), options: { threads: 1 } });
  await server.call('POST', '/api/instances/stream/start?wait=true');
  const { pid } = await server.instance('stream');
  const watch = await StopWatch.start(bench, pid ?? 0);
  const log = onlyFile(path.join(server.dataDirectory, 'instances'), 'log');
  for (let rotations = 0; rotations < (bench.isQuick ? 1 : 10); rotations += 1) {
    for (let pieces = 0; pieces < PIECES; pieces += 1) await appendFile(log, PIECE);
    const stream = await tokens(server);
    const isCut = (): true | null => (statSync(log).size < PIECE.length ? true : null);
    await until('a rotation', isCut, { signal: bench.signal, everyMs: 20 });
    stream.close();
  }
  const stops = await watch.stops();
  await watch.end();
  await server.remove('stream');
  return { stream: median(stops), streamMost: Math.max(...stops) };
}

function tokens({ port }: MeasuredServer): Promise<OpenStream> {
  const body = { model: 'stream', prompt: 'Once', max_tokens: 100_000, stream: true, ignore_eos: true };
  return OpenStream.open(port, body);
}
