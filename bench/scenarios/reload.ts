import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SteadyLoad } from '@llamactl/e2e/steady-load';
import type { MeasuredServer } from '../harness/measured-server.ts';
import { until } from '../harness/patience.ts';
import { percentile } from '../harness/sample.ts';
import type { Bench, Scenario } from '../harness/scenario.ts';
import { tinyFleet } from '../harness/tiny-fleet.ts';

const LOOPS_OF_A_KIND = 8;
const RELOADS = 5;
/** Between two requests of a loop: the client shall not take the cores from what it measures. */
const PACE_MS = 5;
/** How long before and after a reload requests are measured. */
const AFTER_MS = 1_000;

/** What a request waits for while the server is replaced. */
export const reload: Scenario = {
  name: 'reload',
  title: 'replacing the server',
  method:
    'Eight loops that ask `GET /v1/models` one request every 5 ms over a connection that is kept, eight that open one for ' +
    'each, while the server is replaced five times (SIGUSR2), with 10 and with 100 running engines (a small program that only ' +
    'answers its health check). A stall is the longest request of a loop from the signal to a second after the change: one for ' +
    'each loop and change. A request that is refused, reset or not answered with 200 fails the run. The client shares the cores, and the ' +
    'program is loaded meanwhile.',
  figures: [
    { key: 'stall10', what: 'stall of a request, 10 engines, p99', unit: 'ms', most: 150 },
    { key: 'stall100', what: 'stall of a request, 100 engines, p99', unit: 'ms', most: 150 },
    { key: 'median10', what: 'stall, 10 engines, p50', unit: 'ms' },
    { key: 'median100', what: 'stall, 100 engines, p50', unit: 'ms' },
    { key: 'change', what: 'from the signal to the new server, 100 engines', unit: 'ms' },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const few = await tinyFleet(bench, bench.isQuick ? 2 : 10);
    const many = await tinyFleet(bench, bench.isQuick ? 5 : 100);
    return async () => {
      const ofFew = await replaced(few, bench);
      const ofMany = await replaced(many, bench);
      return {
        stall10: percentile(ofFew.stalls, 0.99),
        stall100: percentile(ofMany.stalls, 0.99),
        median10: percentile(ofFew.stalls, 0.5),
        median100: percentile(ofMany.stalls, 0.5),
        change: percentile(ofMany.changes, 0.5),
      };
    };
  },
};

async function replaced(server: MeasuredServer, bench: Bench): Promise<{ stalls: number[]; changes: number[] }> {
  const load = new SteadyLoad(Number(new URL(server.url).port));
  for (let count = 0; count < LOOPS_OF_A_KIND; count += 1) {
    load.ask('kept', '/v1/models', PACE_MS);
    load.ask('new', '/v1/models', PACE_MS);
  }
  const windows: { from: number; to: number; ms: number }[] = [];
  for (let count = 0; count < (bench.isQuick ? 1 : RELOADS); count += 1) {
    await pause(AFTER_MS, undefined, { signal: bench.signal });
    const from = performance.now();
    const before = holderOf(server);
    process.kill(before?.pid ?? server.pid, 'SIGUSR2');
    await until('another server', () => changed(before, holderOf(server)), { signal: bench.signal, everyMs: 5 });
    const ms = performance.now() - from;
    await pause(AFTER_MS, undefined, { signal: bench.signal });
    windows.push({ from, to: performance.now(), ms });
  }
  await load.end();
  if (load.faults.length > 0) throw new Error(`not everybody was answered: ${load.faults.slice(0, 5).join('; ')}`);
  const stalls = windows.flatMap(({ from, to }) => {
    const longest = new Map<number, number>();
    for (const { loop, at, ms } of load.answers) {
      if (at + ms < from || at > to) continue;
      longest.set(loop, Math.max(longest.get(loop) ?? 0, ms));
    }
    return [...longest.values()];
  });
  return { stalls, changes: windows.map(({ ms }) => ms) };
}

interface ServerDescription {
  pid: number;
  url: string | null;
  reload: { state: string } | null;
}

function holderOf({ dataDirectory }: MeasuredServer): ServerDescription | null {
  try {
    return JSON.parse(readFileSync(path.join(dataDirectory, 'server.json'), 'utf8')) as ServerDescription;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** @throws {Error} it was not replaced */
function changed(before: ServerDescription | null, now: ServerDescription | null): true | null {
  if (now?.reload?.state === 'failed') throw new Error('the server was not replaced');
  return now !== null && now.pid !== before?.pid && now.url !== null && now.reload?.state === 'done' ? true : null;
}
