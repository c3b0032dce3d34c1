import { existsSync } from 'node:fs';
import path from 'node:path';
import { MeasuredServer } from '../harness/measured-server.ts';
import { OpenStream } from '../harness/open-stream.ts';
import { until } from '../harness/patience.ts';
import type { Bench, Scenario } from '../harness/scenario.ts';
import { median } from '../harness/sample.ts';

const PROGRAM = path.join(import.meta.dirname, '..', '..', 'e2e', 'paced-engine.ts');
const NAME = 'streaming';
const STREAMS = 8;
const DRAIN_SECONDS = 2;
/** Events of a stream, one every 20 ms: far more than any drain waits for, and less than half of what it does. */
const ENDLESS = 100_000;
const ENDING = 40;

/** What the end of an engine takes longer than its requests may. */
export const stop: Scenario = {
  name: 'stop',
  title: 'stop of an engine with open streams',
  method:
    `Eight streams of an engine that sends an event every 20 ms, each on a connection of its own. \`POST …/stop?wait=true\` with ` +
    `\`timeout: ${DRAIN_SECONDS}\`, until it has answered \`stopped\` and the engine's process is gone: with streams that would go on for ` +
    'half an hour, less the drain of two seconds; and with streams that end within it, from the end of the last of them. Those ' +
    'have to come whole, the others have to be broken off. Three stops of each kind a run, and the median of them.',
  figures: [
    { key: 'past', what: 'past the drain, streams that go on', unit: 'ms', most: 1_000 },
    { key: 'after', what: 'after the last stream that ends within it', unit: 'ms', most: 1_000 },
    { key: 'whole', what: 'the whole stop, streams that go on', unit: 'ms' },
    { key: 'idle', what: 'the whole stop, no stream', unit: 'ms' },
  ],
  limitSeconds: 120,
  open: async (bench) => {
    const paced = { kind: 'custom', command: process.execPath, args: [PROGRAM, '${PORT}', '0'] };
    const server = await MeasuredServer.create(bench, { engines: { paced } });
    await server.start();
    await server.create({ name: NAME, engine: 'paced' });
    const rounds = bench.isQuick ? 1 : 3;
    return async () => {
      const goOn: number[] = [];
      const end: number[] = [];
      const idle: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        goOn.push((await stopped(server, bench, ENDLESS)).ms);
        end.push((await stopped(server, bench, ENDING)).sinceStreamsMs);
        idle.push((await stopped(server, bench, null)).ms);
      }
      const whole = median(goOn);
      return { past: whole - DRAIN_SECONDS * 1_000, after: median(end), whole, idle: median(idle) };
    };
  },
};

/** Starts it, opens streams of so many events (`null`: none), and stops it. */
async function stopped(
  server: MeasuredServer,
  bench: Bench,
  events: number | null,
): Promise<{ ms: number; sinceStreamsMs: number }> {
  await server.call('POST', `/api/instances/${NAME}/start?wait=true`);
  const { pid } = await server.instance(NAME);
  const streams: OpenStream[] = [];
  for (let count = 0; count < (events === null ? 0 : STREAMS); count += 1) {
    const stream = await OpenStream.open(server.port, { model: NAME, max_tokens: events ?? 0, stream: true });
    bench.belongings.add(() => stream.close());
    streams.push(stream);
  }
  const before = performance.now();
  const answer = await server.call('POST', `/api/instances/${NAME}/stop?wait=true`, { timeout: DRAIN_SECONDS });
  const isGone = (): true | null => (existsSync(`/proc/${pid}`) ? null : true);
  await until('the end of the engine', isGone, { signal: bench.signal, everyMs: 1 });
  const at = performance.now();
  if (!answer.body.toString().includes('"stopped"')) throw new Error(`it was not stopped: ${answer.body.toString()}`);
  const ends = await Promise.all(streams.map((stream) => stream.end));
  const isMeant = ends.every(({ isWhole }) => isWhole === (events === ENDING));
  if (!isMeant) throw new Error(`streams ended otherwise than they should: ${JSON.stringify(ends)}`);
  return { ms: at - before, sinceStreamsMs: at - Math.max(before, ...ends.map((end) => end.at)) };
}
