import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '../harness/connection.ts';
import { MeasuredServer } from '../harness/measured-server.ts';
import type { Bench, Scenario } from '../harness/scenario.ts';
import { storedInstances } from '../harness/stored-instances.ts';
import { consumptionOf } from '../harness/usage.ts';

/** Interval of the requests that show how long the server is busy with other work. */
const ASK_EVERY_MS = 2;

/** Requests that concern a whole fleet. */
export const fleetDocument: Scenario = {
  name: 'fleet-document',
  title: 'apply, export and metrics of a whole fleet',
  method:
    '`POST /api/apply` of a YAML document with 1 000 stopped instances that changes none of them, `GET /api/export` of the same, and ' +
    '`GET /metrics` of 5 000 on a second server; each three times, of which the last one counts. CPU is that of the server. Meanwhile ' +
    '`GET /livez` every 2 ms on another connection: its slowest answer shows how long the server was busy with nothing else.',
  figures: [
    { key: 'apply', what: 'CPU of an apply without changes', unit: 'ms', most: 150 },
    { key: 'applyStall', what: '`GET /livez` meanwhile, slowest', unit: 'ms' },
    { key: 'export', what: 'export', unit: 'ms' },
    { key: 'exportStall', what: '`GET /livez` meanwhile, slowest', unit: 'ms', most: 10 },
    { key: 'metrics', what: 'metrics of 5 000', unit: 'ms', most: 40 },
    { key: 'metricsStall', what: '`GET /livez` meanwhile, slowest', unit: 'ms', most: 10 },
  ],
  limitSeconds: 300,
  open: async (bench) => {
    const [small, large] = bench.isQuick ? [20, 50] : [1_000, 5_000];
    const fleet = await serverWith(bench, small);
    const crowd = await serverWith(bench, large);
    const document = await (await fetch(`${fleet.url}/api/export`)).text();
    return async () => {
      const applied = await measured(fleet, () => apply(fleet, document));
      const exported = await measured(fleet, async () => {
        await fetch(`${fleet.url}/api/export`).then((answer) => answer.text());
      });
      const shown = await measured(crowd, async () => {
        await fetch(`${crowd.url}/metrics`).then((answer) => answer.text());
      });
      return {
        apply: applied.cpuMs,
        applyStall: applied.stallMs,
        export: exported.ms,
        exportStall: exported.stallMs,
        metrics: shown.ms,
        metricsStall: shown.stallMs,
      };
    };
  },
};

async function serverWith(bench: Bench, count: number): Promise<MeasuredServer> {
  const server = await MeasuredServer.create(bench);
  await server.start();
  await apply(server, JSON.stringify({ version: 1, instances: storedInstances(count) }), 'application/json');
  return server;
}

async function apply({ url }: MeasuredServer, document: string, type = 'application/yaml'): Promise<void> {
  const headers = { 'content-type': type };
  const answer = await fetch(`${url}/api/apply`, { method: 'POST', headers, body: document });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`apply answered ${answer.status}: ${text.slice(0, 500)}`);
}

interface Cost {
  ms: number;
  cpuMs: number;
  stallMs: number;
}

/** Does it three times, and measures the last one. */
async function measured(server: MeasuredServer, act: () => Promise<void>): Promise<Cost> {
  await act();
  await act();
  const probe = await Connection.open(server.port);
  try {
    const over = new AbortController();
    let stallMs = 0;
    await probe.request('GET', '/livez');
    const probing = (async () => {
      while (!over.signal.aborted) {
        stallMs = Math.max(stallMs, (await probe.request('GET', '/livez')).ms);
        await pause(ASK_EVERY_MS);
      }
    })();
    let ms = 0;
    const { cpuMs } = await consumptionOf(server.pid, async () => {
      const before = performance.now();
      await act();
      ms = performance.now() - before;
    });
    over.abort();
    await probing;
    return { ms, cpuMs, stallMs };
  } finally {
    probe.close();
  }
}
