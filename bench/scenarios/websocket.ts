import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { Connection } from '../harness/connection.ts';
import { Listeners } from '../harness/listeners.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import { percentile } from '../harness/sample.ts';
import type { Bench, Scenario } from '../harness/scenario.ts';
import { consumptionOf, cpuPercent } from '../harness/usage.ts';

const PROGRAM = path.join(import.meta.dirname, '..', 'programs', 'tiny-engine.pl');
const INTERVAL_SECONDS = 2;
const ASK_EVERY_MS = 20;
const CHANGE_EVERY_MS = 100;

/** The cost of sending events to many clients. */
export const websocket: Scenario = {
  name: 'websocket',
  title: '1 000 clients of the live events, 50 running engines',
  method:
    '50 running engines (a small program that only answers its health check), measured every 2 s, and 1 000 WebSocket clients in a ' +
    'process of their own that subscribed to everything: 25 000 frames a second. CPU of llamactl over 20 s in percent of one core, ' +
    'with the clients and before they connect. After that `GET /livez` every 20 ms on one connection: its slowest answers show ' +
    'how long llamactl was busy with other work. `changing`: the same while settings of an instance change every 100 ms, each ' +
    'an event to all clients.',
  figures: [
    { key: 'cpu', what: 'CPU with 1 000 clients', unit: '%', most: 10 },
    { key: 'alone', what: 'CPU without clients', unit: '%' },
    { key: 'p99', what: '`GET /livez` with 1 000 clients, p99', unit: 'ms', most: 10 },
    { key: 'longest', what: 'the slowest of these', unit: 'ms' },
    { key: 'changing', what: 'CPU with them, and a change every 100 ms', unit: '%' },
    { key: 'changingP99', what: '`GET /livez` meanwhile, p99', unit: 'ms', most: 10 },
    { key: 'memory', what: 'memory for a client', unit: 'KiB' },
  ],
  limitSeconds: 240,
  open: async (bench) => {
    const engines = bench.isQuick ? 5 : 50;
    const clients = bench.isQuick ? 20 : 1_000;
    const server = await MeasuredServer.create(bench, {
      engines: { tiny: { kind: 'custom', command: 'perl', args: [PROGRAM, '${PORT}'] } },
      stats: { interval: INTERVAL_SECONDS },
    });
    await server.start();
    const block = await PortBlock.take();
    bench.belongings.add(() => block.release());
    for (let index = 0; index < engines; index += 1) {
      await server.create({ name: `tiny-${index}`, engine: 'tiny', port: block.range[0] + index });
    }
    await server.call('POST', '/api/instances/start-all');
    await server.untilAll('running', engines, 100);
    const seconds = bench.isQuick ? 5 : 20;
    const settle = (): Promise<void> => pause(bench.isQuick ? 500 : 5_000, undefined, { signal: bench.signal });

    return async () => {
      await settle();
      const alone = await cpuOf(bench, server, seconds);
      const before = server.usage().residentBytes;
      const listeners = await Listeners.start(bench, portOf(server), clients);
      await settle();
      const atStart = await listeners.report();
      const cpu = await cpuOf(bench, server, seconds);
      const { fewest, frames } = await listeners.report();
      const memory = (server.usage().residentBytes - before) / clients / 1_024;
      const expected = (engines * seconds) / INTERVAL_SECONDS;
      // What is not sent costs nothing, and would meet every target.
      if (fewest - atStart.fewest < expected * 0.8) throw new Error('a client was left out');
      if (frames - atStart.frames < expected * 0.8 * clients) throw new Error('clients were left out');
      const waits = await waitsOf(bench, server, seconds);
      const changing = await whileChanging(bench, server, () => cpuOf(bench, server, seconds));
      const changingWaits = await whileChanging(bench, server, () => waitsOf(bench, server, seconds));
      await listeners.end();
      return {
        cpu,
        alone,
        p99: percentile(waits, 0.99),
        longest: Math.max(...waits),
        changing,
        changingP99: percentile(changingWaits, 0.99),
        memory,
      };
    };
  },
};

/** CPU of llamactl without requests, in percent of one core. */
async function cpuOf({ signal }: Bench, { pid }: MeasuredServer, seconds: number): Promise<number> {
  return cpuPercent(await consumptionOf(pid, () => pause(seconds * 1_000, undefined, { signal })));
}

/** Waiting times of all `GET /livez` requests, in milliseconds. */
async function waitsOf({ signal }: Bench, server: MeasuredServer, seconds: number): Promise<number[]> {
  const waits: number[] = [];
  const end = performance.now() + seconds * 1_000;
  const probe = await Connection.open(portOf(server));
  try {
    while (performance.now() < end) {
      waits.push((await probe.request('GET', '/livez')).ms);
      await pause(ASK_EVERY_MS, undefined, { signal });
    }
  } finally {
    probe.close();
  }
  return waits;
}

/** Changes settings of an instance again and again while something is measured. */
async function whileChanging<Result>(
  { signal }: Bench,
  server: MeasuredServer,
  measure: () => Promise<Result>,
): Promise<Result> {
  const measuring = new AbortController();
  const change = async (): Promise<void> => {
    for (let index = 0; !measuring.signal.aborted; index += 1) {
      await server.call('PUT', '/api/instances/tiny-0', { aliases: [`alias-${index}`] });
      await pause(CHANGE_EVERY_MS, undefined, { signal });
    }
  };
  const changing = change();
  try {
    return await measure();
  } finally {
    measuring.abort();
    await changing;
  }
}

function portOf({ url }: MeasuredServer): number {
  return Number(new URL(url).port);
}
