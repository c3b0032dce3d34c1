import { truncate } from 'node:fs/promises';
import path from 'node:path';
import { LogsSchema } from '@llamactl/contract/logs';
import { onlyFile } from '../harness/log-files.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import { median, percentile } from '../harness/sample.ts';
import type { Scenario } from '../harness/scenario.ts';
import { WRITER_SECTIONS, WritingEngine } from '../harness/writing-engine.ts';

const NOT_ROTATING = { max_size_mb: 100_000, max_total_mb: 1_000_000 };
const FILE_BYTES = 5_000_000_000;
const LINES = 100;

/** The last lines of a log that is long. */
export const logsTail: Scenario = {
  name: 'logs-tail',
  title: 'the last 100 lines of a log of 5 GB',
  method:
    'The log of a running engine is made 5 GB long by a hole, to which the engine then writes 10 000 lines. ' +
    '`GET …/logs?lines=100`, 50 times over one connection, from the first byte sent to the last received; bytes are the ' +
    '`rchar` of the server meanwhile (everything it reads: the request, and its other business too).',
  figures: [
    { key: 'first', what: 'the first time', unit: 'ms' },
    { key: 'median', what: 'median', unit: 'ms', most: 20 },
    { key: 'p99', what: 'slowest of 50', unit: 'ms' },
    { key: 'read', what: 'read for it, median', unit: 'KiB', most: 256 },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const server = await MeasuredServer.create(bench, { ...WRITER_SECTIONS, logs: NOT_ROTATING });
    await server.start();
    return async () => {
      const engine = await WritingEngine.start(server, 'long');
      await engine.write(10);
      await truncate(onlyFile(path.join(server.dataDirectory, 'instances'), 'log'), FILE_BYTES);
      const last = await engine.write(10_000);
      const milliseconds: number[] = [];
      const bytes: number[] = [];
      for (let count = 0; count < (bench.isQuick ? 5 : 50); count += 1) {
        const before = server.usage().readBytes;
        const { ms, body } = await server.call('GET', `/api/instances/long/logs?lines=${LINES}`);
        bytes.push(server.usage().readBytes - before);
        milliseconds.push(ms);
        assertLast(body, last);
      }
      await engine.remove();
      return {
        first: milliseconds[0] ?? Number.NaN,
        median: median(milliseconds),
        p99: percentile(milliseconds, 0.99),
        read: median(bytes) / 1_024,
      };
    };
  },
};

/** Fast and wrong is no result. */
function assertLast(body: Buffer, last: number): void {
  const { logs } = LogsSchema.parse(JSON.parse(body.toString()));
  const numbers = logs.map(({ message }) => Number(/line (\d+)/.exec(message)?.[1]));
  const expected = Array.from({ length: LINES }, (_unused, index) => last - LINES + 1 + index);
  if (numbers.join() !== expected.join()) throw new Error(`not the last ${LINES} lines: ${numbers.join()}`);
}
