import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { StatsHistorySchema } from '@llamactl/contract/stats';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { MeasuredServer, type Sections } from '../harness/measured-server.ts';
import type { Bench, Scenario } from '../harness/scenario.ts';
import { consumptionOf, cpuPercent, type Consumption } from '../harness/usage.ts';

const PROGRAM = path.join(import.meta.dirname, '..', 'programs', 'tiny-engine.pl');
/** So seldom that a window never sees it. */
const NEVER_SECONDS = 86_400;
const DEFAULT_SECONDS = 2;
const OFTEN_SECONDS = 0.5;

const sections = (interval: number): Sections => ({
  engines: { tiny: { kind: 'custom', command: 'perl', args: [PROGRAM, '${PORT}'] } },
  stats: { interval },
});

/** What it costs to watch a hundred engines. */
export const sampler: Scenario = {
  name: 'sampler',
  title: 'statistics of 100 running engines',
  method:
    '100 running engines (a small program that only answers its health check). CPU of llamactl over 20 s, ten seconds after its ' +
    'start, in percent of one core, with a measurement every 2 s (the default), every 0.5 s, and never, on the same engines: ' +
    'the server is restarted in between and finds them again. The cost of a measurement is the difference to "never", divided by their ' +
    'number; "never" is the rest: health checks, watching for deaths.',
  figures: [
    { key: 'usualTick', what: 'CPU of one measurement of 100 engines, every 2 s', unit: 'ms', most: 20 },
    { key: 'oftenTick', what: 'CPU of one measurement of 100 engines, every 0.5 s', unit: 'ms', most: 20 },
    { key: 'usual', what: 'CPU, every 2 s', unit: '%' },
    { key: 'often', what: 'CPU, every 0.5 s', unit: '%' },
    { key: 'never', what: 'CPU, never', unit: '%' },
    { key: 'none', what: 'CPU, every 2 s, no engine runs', unit: '%' },
    { key: 'memory', what: 'memory, every 2 s', unit: 'MB' },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const size = bench.isQuick ? 10 : 100;
    const idle = await MeasuredServer.create(bench, sections(DEFAULT_SECONDS));
    await idle.start();
    const server = await MeasuredServer.create(bench, sections(DEFAULT_SECONDS));
    await server.start();
    const ports = await takePorts(bench, size);
    for (const [index, port] of ports.entries()) await server.create({ name: `tiny-${index}`, engine: 'tiny', port });
    await server.call('POST', '/api/instances/start-all');
    await server.untilAll('running', size, 100);

    const measured = async (each: MeasuredServer): Promise<Consumption> => {
      await pause(bench.isQuick ? 500 : 10_000, undefined, { signal: bench.signal });
      return consumptionOf(each.pid, () => pause(bench.isQuick ? 2_000 : 20_000, undefined, { signal: bench.signal }));
    };
    const withInterval = async (seconds: number): Promise<Consumption> => {
      await server.stop();
      await server.configure(sections(seconds));
      await server.start();
      await server.untilAll('running', size, 100);
      return measured(server);
    };

    return async () => {
      const none = await measured(idle);
      const usual = await withInterval(DEFAULT_SECONDS);
      const memory = server.usage().residentBytes / 1_000_000;
      const never = await withInterval(NEVER_SECONDS);
      const often = await withInterval(OFTEN_SECONDS);
      await assertMeasured(server);
      const tickOf = (measured: Consumption, seconds: number): number =>
        ((cpuPercent(measured) - cpuPercent(never)) / 100) * seconds * 1_000;
      return {
        usualTick: tickOf(usual, DEFAULT_SECONDS),
        oftenTick: tickOf(often, OFTEN_SECONDS),
        usual: cpuPercent(usual),
        often: cpuPercent(often),
        never: cpuPercent(never),
        none: cpuPercent(none),
        memory,
      };
    };
  },
};

async function takePorts({ belongings }: Bench, count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const block = await PortBlock.take();
    belongings.add(() => block.release());
    const [first, last] = block.range;
    for (let port = first; port <= last && ports.length < count; port += 1) ports.push(port);
  }
  return ports;
}

/** What measures nothing costs nothing, and would meet every target. */
async function assertMeasured(server: MeasuredServer): Promise<void> {
  const { body } = await server.call('GET', '/api/instances/tiny-0/stats?window=10s');
  const { points } = StatsHistorySchema.parse(JSON.parse(body.toString()));
  if (points.length === 0) throw new Error('nothing was measured: the figure would say nothing');
}
