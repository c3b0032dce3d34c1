import type { Alert, Gpu, SystemStatus } from '@llamactl/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventServer } from '@llamactl/server/testing/event-server';
import { FAKE_METRICS, FAKE_STATUS } from '@llamactl/server/testing/fake-services';
import { CommandSandbox } from '../testing/command-run.ts';
import { screenAfter } from '../testing/screen.ts';

let status: SystemStatus;
let alerts: Alert[];
let server: EventServer;
let sandbox: CommandSandbox;

beforeEach(async () => {
  status = {
    ...FAKE_STATUS,
    uptime: 7_500,
    instances: { total: 12, running: 8, starting: 1, restarting: 0, stopping: 0, failed: 1, stopped: 2 },
    resources: {
      cpu_usage: 12.34,
      memory_usage: 12e9,
      memory_total: 64e9,
      disk_usage: 75.5,
      disk_total: 8,
      disk_free: 2,
      gpus: [],
    },
  };
  alerts = [];
  server = await EventServer.open({
    metrics: { ...FAKE_METRICS, system: { ...FAKE_METRICS.system, status: async () => status } },
    alerts: () => alerts,
  });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  await server.goAway();
  sandbox.dispose();
});

const gpu = (index: number, rest: Partial<Gpu> = {}): Gpu => ({
  index,
  vendor: 'nvidia',
  name: 'RTX 4090',
  memory_total: 24e9,
  memory_usage: 12e9,
  utilization: 45,
  temperature: 61.4,
  power: 230.2,
  ...rest,
});

describe('llamactl status', () => {
  it('prints a short summary', async () => {
    const { stdout } = await sandbox.run(['status'], { columns: 80 });
    expect(screenAfter(stdout)).toEqual([
      `server     llamactl 0.1.0 at ${server.url}`,
      'found by   LLAMACTL_URL',
      'up         2h 5m, on box (linux, amd64)',
      'instances  8 running, 1 starting, 1 failed, 2 stopped',
      'CPU        12 % of 2 cores',
      'memory     11.2 GiB of 59.6 GiB (19 %)',
      'disk       76 % used (data directory)',
      'alerts     none',
    ]);
  });

  it('prints known facts of GPUs, and a limited number of GPUs', async () => {
    status.resources.gpus = [gpu(0), gpu(1, { memory_usage: null, utilization: null, temperature: null, power: null })];
    const lines = screenAfter((await sandbox.run(['status'])).stdout);
    expect(lines).toContain('GPU 0      RTX 4090, 11.2 GiB of 22.4 GiB, 45 % busy, 61 °C, 230 W');
    expect(lines).toContain('GPU 1      RTX 4090');
    status.resources.gpus = Array.from({ length: 16 }, (_, index) => gpu(index));
    const many = screenAfter((await sandbox.run(['status'], { columns: 40 })).stdout);
    expect(many.length).toBeLessThanOrEqual(20);
    expect(many.every((line) => line.length <= 40)).toBe(true);
    expect(many.join('\n')).toContain('and 9 more GPUs');
  });

  it('keeps the whole address on a narrow terminal', async () => {
    const lines = screenAfter((await sandbox.run(['status'], { columns: 40 })).stdout);
    expect(lines.slice(0, 2)).toEqual(['server     llamactl 0.1.0 at', `           ${server.url}`]);
  });

  it('says how to list alerts, and what to do without instances', async () => {
    alerts = [{ level: 'error', code: 'x', message: 'y', raised_at: '2026-03-01T12:00:00Z' }];
    status.instances = { total: 0, running: 0, starting: 0, restarting: 0, stopping: 0, failed: 0, stopped: 0 };
    const { stdout } = await sandbox.run(['status']);
    expect(stdout).toContain('1; to list them: llamactl alerts');
    expect(stdout).toContain('none; to create one: llamactl create');
  });

  it("prints the API's response with --json, and the address with -q", async () => {
    const { stdout } = await sandbox.run(['status', '--json']);
    expect(JSON.parse(stdout)).toEqual({ url: server.url, status, info: await FAKE_METRICS.system.info(), alerts: [] });
    expect((await sandbox.run(['status', '-q'])).stdout).toBe(`${server.url}\n`);
  });

  it('fails if the server does not answer', async () => {
    await server.goAway();
    expect((await sandbox.run(['status'])).status).toBe(5);
    await server.comeBack();
  });
});
