import { Follower } from '../harness/follower.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import type { Bench, Scenario } from '../harness/scenario.ts';
import { byTurns, medianOf } from '../harness/turns.ts';
import { WRITER_SECTIONS, WritingEngine } from '../harness/writing-engine.ts';

const NOT_ROTATING = { max_size_mb: 100_000, max_total_mb: 1_000_000 };

/** How fast a log can be followed, and whether that slows the engine. */
export const logsSpeed: Scenario = {
  name: 'logs-speed',
  title: 'an engine that writes as fast as it can',
  method:
    'A program writes a million numbered lines of 100 bytes, one write each, as fast as it can, with no follower and with ' +
    'one, three times by turns; ratios are taken pair by pair. The rate with a follower holds on a machine whose cores are ' +
    'shared by engine, llamactl and follower: the CPU time of the engine for a line shows how following affects the engine ' +
    'itself. A follower gets its lines until the last has arrived.',
  figures: [
    { key: 'alone', what: 'written, no follower', unit: 'lines/s' },
    { key: 'followed', what: 'written, one follower', unit: 'lines/s' },
    { key: 'slowdown', what: 'time to write: one follower against none', unit: '×' },
    { key: 'engineCpu', what: 'CPU of the engine for a line: one follower against none', unit: '×', most: 1.25 },
    { key: 'follower', what: 'followed', unit: 'lines/s' },
    { key: 'wrong', what: 'lines lost or repeated', unit: 'lines', most: 0 },
    { key: 'memory', what: 'memory of llamactl after them', unit: 'MB' },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const server = await MeasuredServer.create(bench, { ...WRITER_SECTIONS, logs: NOT_ROTATING });
    await server.start();
    const lines = bench.isQuick ? 50_000 : 1_000_000;
    return async () => {
      const engine = await WritingEngine.start(server, 'fast');
      let wrong = 0;
      const followed = { seconds: [] as number[], cpuMs: [] as number[] };
      const cpuAlone: number[] = [];
      const rows = await byTurns(bench.isQuick ? 1 : 3, {
        alone: async () => {
          const { seconds, cpuMs } = await written(engine, lines);
          cpuAlone.push(cpuMs);
          return seconds;
        },
        followed: async () => {
          const follower = await attached(bench, engine);
          const before = performance.now();
          const { seconds, cpuMs, last } = await written(engine, lines);
          const { lost, repeated, gaps } = await follower.report(last);
          followed.seconds.push((performance.now() - before) / 1_000);
          followed.cpuMs.push(cpuMs);
          wrong += lost + repeated + gaps;
          await follower.end();
          return seconds;
        },
      });
      const cpuRows = cpuAlone.map((alone, index) => ({ alone, followed: followed.cpuMs[index] ?? Number.NaN }));
      const memory = server.usage().residentBytes / 1_000_000;
      await engine.remove();
      return {
        alone: lines / medianOf(rows, ({ alone }) => alone),
        followed: lines / medianOf(rows, ({ followed }) => followed),
        slowdown: medianOf(rows, ({ alone, followed }) => followed / alone),
        engineCpu: medianOf(cpuRows, ({ alone, followed }) => followed / alone),
        follower: lines / medianOf(followed.seconds, (seconds) => seconds),
        wrong,
        memory,
      };
    };
  },
};

async function written(
  engine: WritingEngine,
  lines: number,
): Promise<{ seconds: number; cpuMs: number; last: number }> {
  const cpuBefore = engine.cpuMs;
  const before = performance.now();
  const last = await engine.write(lines);
  return { seconds: (performance.now() - before) / 1_000, cpuMs: engine.cpuMs - cpuBefore, last };
}

/** A follower that has seen all there is. */
async function attached(bench: Bench, engine: WritingEngine): Promise<Follower> {
  const last = await engine.write(1);
  const follower = Follower.start(bench, engine.followUrl);
  await follower.report(last);
  return follower;
}
