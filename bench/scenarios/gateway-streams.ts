import { setTimeout as pause } from 'node:timers/promises';
import { type Contenders, gatewayContenders } from '../harness/gateway-contenders.ts';
import type { Contender } from '../harness/request-cost.ts';
import type { Bench, Readings, Scenario } from '../harness/scenario.ts';
import { consumptionOf, usageOf } from '../harness/usage.ts';

/** What a token costs on its way through. */
interface Cost {
  cpuMicros: number;
  p50Ms: number;
  p99Ms: number;
  /** More memory than before, for each stream. */
  residentKiB: number;
}

const NAMES = ['direct', 'haproxy', 'nginx', 'llamactl'] as const;
type Name = (typeof NAMES)[number];

/** Pause after a thousand connections end, while the system cleans up. */
const REST_MS = 500;
/** What one step of the system's clock of CPU time is; less is counted as that. */
const STEP_MS = 10;

/** What a streamed token costs on its way through, beside other proxies. */
export const gatewayStreams: Scenario = {
  name: 'gateway-streams',
  title: 'streams through the gateway, beside nginx and haproxy',
  method:
    'Streams of 20 tokens a second, each token in a chunk of its own with the moment it was written at: 1, 64 and 1 000 of them, directly, ' +
    'through haproxy, nginx and llamactl (as in `gateway`) by turns. The proxy under test has core 0; engine and callers share core 1. CPU and memory ' +
    'are those of the proxy; memory is its growth with the first 1 000 streams, measured once.',
  figures: [
    { key: 'ratio64', what: 'CPU of a token, 64 streams, to that of haproxy', unit: '×', most: 2.3 },
    { key: 'cpu64', what: 'CPU of a token, 64 streams', unit: 'µs' },
    { key: 'ratio1000', what: 'CPU of a token, 1 000 streams, to that of haproxy', unit: '×', most: 2.3 },
    { key: 'cpu1000', what: 'CPU of a token, 1 000 streams', unit: 'µs' },
    { key: 'haproxy1000', what: 'the same of haproxy', unit: 'µs' },
    { key: 'nginx1000', what: 'the same of nginx', unit: 'µs' },
    { key: 'added1', what: 'added to the median, 1 stream', unit: 'ms' },
    { key: 'added1000', what: 'added to the 99th percentile, 1 000 streams', unit: 'ms', most: 20 },
    { key: 'memory', what: 'memory of a stream', unit: 'KiB', most: 50 },
    { key: 'haproxyMemory', what: 'the same of haproxy', unit: 'KiB' },
  ],
  limitSeconds: 240,
  open: async (bench) => {
    const contenders = await gatewayContenders(bench);
    const most = bench.isQuick ? 100 : 1_000;
    // what a first stream loads and compiles is not of each
    await costs(bench, contenders, 64);
    // later ones find the room that the first thousand took
    const first = await costs(bench, contenders, most);
    // until all of it is compiled, a token costs more
    for (let count = bench.isQuick ? 2 : 0; count < 2; count += 1) await costs(bench, contenders, most);
    return async (): Promise<Readings> => {
      const one = await costs(bench, contenders, 1);
      const some = await costs(bench, contenders, 64);
      const many = await costs(bench, contenders, most);
      return {
        ratio64: some.llamactl.cpuMicros / some.haproxy.cpuMicros,
        cpu64: some.llamactl.cpuMicros,
        ratio1000: many.llamactl.cpuMicros / many.haproxy.cpuMicros,
        cpu1000: many.llamactl.cpuMicros,
        haproxy1000: many.haproxy.cpuMicros,
        nginx1000: many.nginx.cpuMicros,
        added1: one.llamactl.p50Ms - one.direct.p50Ms,
        added1000: many.llamactl.p99Ms - many.direct.p99Ms,
        memory: first.llamactl.residentKiB,
        haproxyMemory: first.haproxy.residentKiB,
      };
    };
  },
};

async function costs(bench: Bench, contenders: Contenders, streams: number): Promise<Record<Name, Cost>> {
  const found: [Name, Cost][] = [];
  for (const name of NAMES) {
    bench.signal.throwIfAborted();
    found.push([name, await costOf(bench, contenders[name], contenders, streams)]);
  }
  return Object.fromEntries(found) as Record<Name, Cost>;
}

async function costOf(
  { isQuick, signal }: Bench,
  { pid, place }: Contender,
  { load }: Contenders,
  streams: number,
): Promise<Cost> {
  const resident = (): number => (pid === null ? Number.NaN : usageOf(pid).residentBytes);
  const before = resident();
  await load.tell({ kind: 'open', place, streams });
  let report = { count: 0, p50Ms: 0, p99Ms: 0 };
  const during = async (): Promise<void> => {
    report = await load.tell({ kind: 'listen', seconds: isQuick ? 0.5 : 5 });
  };
  const used = pid === null ? null : await consumptionOf(pid, during);
  if (used === null) await during();
  const residentKiB = (resident() - before) / 1_024 / streams;
  await load.tell({ kind: 'close' });
  await pause(REST_MS, undefined, { signal });
  if (report.count === 0) throw new Error('no token came');
  const { count, p50Ms, p99Ms } = report;
  return {
    cpuMicros: used === null ? Number.NaN : (Math.max(used.cpuMs, STEP_MS) * 1_000) / count,
    p50Ms,
    p99Ms,
    residentKiB,
  };
}
