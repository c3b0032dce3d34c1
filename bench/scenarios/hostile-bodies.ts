import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AskedProgram } from '../harness/asked-program.ts';
import { Connection } from '../harness/connection.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import type { Bench, Readings, Scenario } from '../harness/scenario.ts';

const PROGRAMS = path.join(import.meta.dirname, '..', 'programs');
/** Between two probes. */
const PROBE_EVERY_MS = 2;
const MEGABYTE = 1_000_000;

/** What one caller can do to all others by the bodies that it sends. */
export const hostileBodies: Scenario = {
  name: 'hostile-bodies',
  title: 'probes while eight callers send the worst bodies',
  method:
    'Eight callers from eight addresses send bodies of 64 MiB, one after the other, for 20 s: millions of members, the same key again and ' +
    'again, deep nesting, empty strings, quotes and keys full of escapes, a number without end, a form of near delimiters. The instance has ' +
    'an `upstream_model`, so each body is rewritten. Meanwhile `GET /livez` every 2 ms on a connection that is kept open. The callers run ' +
    'at a lower priority, because real ones do not share the cores of the server. Memory is the peak (VmHWM) above what the server had before.',
  figures: [
    { key: 'worst', what: 'worst `GET /livez`', unit: 'ms', most: 50 },
    { key: 'p99', what: '99th percentile of `GET /livez`', unit: 'ms' },
    { key: 'growth', what: 'growth of memory', unit: 'MB', most: 300 },
    { key: 'each', what: 'time for one body', unit: 'ms' },
  ],
  limitSeconds: 120,
  open: async (bench) => {
    const engine = {
      kind: 'custom',
      command: process.execPath,
      args: [path.join(PROGRAMS, 'canned-engine.ts'), '${PORT}'],
    };
    const server = await MeasuredServer.create(bench, {
      engines: { canned: { ...engine, health_path: '/' } },
      server: { trusted_proxies: ['127.0.0.1'] },
    });
    await server.start();
    await server.create({ name: 'victim', engine: 'canned', upstream_model: 'x'.repeat(100) });
    await server.stop();
    return () => readings(bench, server);
  },
};

async function readings(bench: Bench, server: MeasuredServer): Promise<Readings> {
  const seconds = bench.isQuick ? 3 : 20;
  // Each run has a fresh server: one that was attacked before has its peak behind it.
  await server.start();
  await server.call('POST', '/api/instances/victim/start?wait=true');
  // The peak begins again.
  writeFileSync(`/proc/${server.pid}/clear_refs`, '5');
  const before = server.usage().residentBytes;
  const child = spawn(process.execPath, [path.join(PROGRAMS, 'hostile-bodies.ts'), String(server.port)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  if (child.pid !== undefined) os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL);
  const callers = new AskedProgram<Record<string, number>>(bench, child, 'the callers ended');
  await callers.ask({});
  const latencies = await probe(bench, server.port, seconds);
  const answers = Object.values(await callers.ask({})).reduce((sum, count) => sum + count, 0);
  await callers.end();
  if (answers === 0) throw new Error('no body was answered: the figures would say nothing');
  const growth = (peakOf(server.pid) - before) / MEGABYTE;
  await server.stop();
  return {
    worst: latencies.at(-1) ?? Number.NaN,
    p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    growth,
    each: (seconds * 1_000) / answers,
  };
}

/** Latencies of probes, shortest first. */
async function probe({ belongings, signal }: Bench, port: number, seconds: number): Promise<number[]> {
  const connection = await Connection.open(port);
  belongings.add(() => connection.close());
  const latencies: number[] = [];
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    const { status, ms } = await connection.request('GET', '/livez');
    if (status !== 200) throw new Error(`GET /livez answered ${status}`);
    latencies.push(ms);
    await pause(PROBE_EVERY_MS, undefined, { signal });
  }
  connection.close();
  return latencies.toSorted((one, other) => one - other);
}

function peakOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1_024;
}
