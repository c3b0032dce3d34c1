import { readFileSync } from 'node:fs';
import type { InstanceSummary } from '@llamactl/contract/instance';
import type { SystemStatus } from '@llamactl/contract/system';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { FakeClock } from '../testing/fake-clock.ts';
import { usualPoint } from '../testing/usual-stats.ts';
import { GatewayCounters } from './gateway-counters.ts';
import { createEngineScrape } from './engine-scrape.ts';
import { createFigures } from './prometheus-figures.ts';
import type { FiguredInstance } from './instance-figures.ts';
import { LifeCounters } from './life-counters.ts';

const NOW = 1_700_000_000_000;
const STATUS: SystemStatus = {
  version: '0.1.0',
  uptime: 5,
  instances: { total: 2, stopped: 1, starting: 0, running: 1, stopping: 0, restarting: 0, failed: 0 },
  groups: [],
  resources: {
    disk_total: 8,
    disk_free: 2,
    cpu_usage: 50,
    memory_usage: 1_000,
    memory_total: 2_000,
    disk_usage: 75,
    gpus: [
      {
        index: 0,
        vendor: 'nvidia',
        name: 'RTX "X"',
        memory_total: 24,
        memory_usage: 12,
        utilization: 25,
        temperature: 60,
        power: 200,
      },
      {
        index: 1,
        vendor: 'amd',
        name: 'y',
        memory_total: null,
        memory_usage: null,
        utilization: null,
        temperature: null,
        power: null,
      },
    ],
  },
};
const up: FiguredInstance = {
  name: 'up',
  status: 'running',
  engine: 'llama_cpp',
  started_at: '2023-11-14T22:13:20.000Z',
  memory: [{ device: 'nvidia:0', need: 5, source: 'measured' }],
};
const down: FiguredInstance = { name: 'down', status: 'stopped', engine: 'custom', started_at: null };

/** Returns the text for these instances. Others have had requests too. */
async function textFor(...instances: FiguredInstance[]): Promise<string> {
  const requests = new GatewayCounters();
  for (const instance of ['up', 'down', 'foreign', null]) {
    requests.finished({
      instance,
      door: 'v1',
      outcome: 'ok',
      duration: 1,
      waited: 0,
      time_to_first_token: 0.1,
      tokens_in: 1,
      tokens_out: 2,
      tokens_per_second: 3,
      bytes_out: 4,
    });
  }
  const target = { port: 1, healthPath: '/health', key: null };
  const figures = createFigures({
    clock: { nextTurn: (callback) => void setImmediate(callback) },
    system: {
      status: async () => STATUS,
      resources: async () => STATUS.resources,
      info: () => expect.fail('is not asked'),
    },
    stats: {
      series: () => expect.fail('is not asked'),
      history: (name, window) => {
        const point = usualPoint({ timestamp: up.started_at ?? '', cpu_usage_peak: 9, memory_usage_peak: 9 });
        const points =
          window === 6
            ? [
                { ...point, cpu_usage: 1 },
                { ...point, cpu_usage: 250, gpu_memory_usage: 7 },
              ]
            : [];
        return { name, window, interval: 2, points };
      },
    },
    requests,
    lives: new LifeCounters(),
    engines: createEngineScrape({
      clock: new FakeClock(),
      targets: () => [{ name: 'up', target }],
      read: async () => ({ status: 200, text: 'llamacpp:x 1\n' }),
    }),
    inFlight: (statusOf) => [
      { instance: 'up', phase: statusOf('up') === 'running' ? 'queued' : 'starting' },
      { instance: 'up', phase: 'streaming' },
      { instance: 'up', phase: 'streaming' },
      { instance: 'foreign', phase: 'streaming' },
      { instance: null, phase: 'starting' },
    ],
    alerts: () => [
      { code: 'disk_space_low', level: 'error' },
      { code: 'crash_loop', level: 'warning', instance: 'up' },
      { code: 'crash_loop', level: 'warning', instance: 'foreign' },
    ],
    startedAt: NOW,
  });
  return (await figures.text(instances)).toString();
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('Figures', () => {
  it('report status and usage of instances', async () => {
    const lines = linesOf(await textFor(up, down));
    expect(lines).toEqual(
      expect.arrayContaining([
        'llamactl_build_info{version="0.1.0"} 1',
        'llamactl_instances{status="running"} 1',
        'llamactl_instance_info{instance="up",engine="llama_cpp"} 1',
        'llamactl_instance_status{instance="up",status="running"} 1',
        'llamactl_instance_status{instance="up",status="failed"} 0',
        'llamactl_instance_status{instance="down",status="stopped"} 1',
        'llamactl_instance_start_time_seconds{instance="up"} 1700000000',
        'llamactl_instance_memory_need_bytes{instance="up",device="nvidia:0"} 5',
        'llamactl_instance_cpu_cores{instance="up"} 2.5',
        'llamactl_instance_gpu_memory_bytes{instance="up"} 7',
        'llamactl_alert{code="disk_space_low",level="error",instance=""} 1',
        'llamactl_alert{code="crash_loop",level="warning",instance="up"} 1',
        'llamactl_requests_in_flight{instance="up",phase="starting"} 0',
        'llamactl_requests_in_flight{instance="up",phase="queued"} 1',
        'llamactl_requests_in_flight{instance="up",phase="streaming"} 2',
        'llamactl_requests_in_flight{instance="down",phase="streaming"} 0',
        'llamactl_requests_total{instance="up",door="v1",outcome="ok"} 1',
        'llamacpp:x{instance="up"} 1',
      ]),
    );
    expect(lines.some((line) => line.startsWith('llamactl_instance_memory_bytes{instance="down"'))).toBe(false);
  });

  it('report the machine and llamactl', async () => {
    const lines = linesOf(await textFor());
    expect(lines).toEqual(
      expect.arrayContaining([
        'llamactl_host_cpu_ratio 0.5',
        'llamactl_host_disk_used_ratio 0.75',
        'llamactl_host_memory_total_bytes 2000',
        'llamactl_gpu_utilization_ratio{gpu="0",vendor="nvidia",name="RTX \\"X\\""} 0.25',
        `process_start_time_seconds ${NOW / 1_000}`,
      ]),
    );
    expect(lines.filter((line) => line.includes('gpu="1"'))).toEqual([]);
    expect(lines.find((line) => line.startsWith('process_resident_memory_bytes '))).toMatch(/ \d{7,}$/);
  });

  it('contain only the instances that the caller may see', async () => {
    const text = await textFor(down);
    expect(text).not.toContain('instance="up"');
    expect(text).not.toContain('foreign');
  });

  it('stay bounded for a thousand instances', async () => {
    const many: Pick<InstanceSummary, 'name' | 'status' | 'engine' | 'started_at'>[] = Array.from(
      { length: 1_000 },
      (_, index) => ({ ...down, name: `instance-${index}` }),
    );
    expect((await textFor(...many)).length).toBeLessThan(2_000_000);
  });
});

const read = (file: string): string => readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');

/** Name, type and labels from the tables of docs/metrics.md. */
function documented(): Map<string, [string, string[]]> {
  const rows = read('metrics.md').matchAll(/^\| `(\w+)` +\| (gauge|counter|histogram) +\| ([^|]*)\|/gm);
  return new Map(
    [...rows].map(([, name = '', type = '', labels = '']) => [
      name,
      [type, [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)],
    ]),
  );
}

describe('docs/metrics.md', () => {
  it('lists every metric with its type and labels, and no others', async () => {
    const text = await textFor(up, down);
    const exported = new Map<string, [string, string[]]>();
    for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
      const [, labels = ''] = new RegExp(`^${name}(?:_bucket)?(?:\\{(.*)\\})? `, 'm').exec(text) ?? [];
      exported.set(name, [
        type,
        [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label).filter((label) => label !== 'le'),
      ]);
    }
    expect(Object.fromEntries(exported)).toEqual(Object.fromEntries(documented()));
  });
});

describe('docs/grafana-dashboard.json', () => {
  it('uses only existing metrics', () => {
    const expressions = [...read('grafana-dashboard.json').matchAll(/"(?:expr|definition)": "((?:[^"\\]|\\.)*)"/g)].map(
      ([, text = '']) => text,
    );
    expect(expressions.length).toBeGreaterThan(30);
    for (const expression of expressions) {
      for (const [name] of expression.matchAll(/\b(?:llamactl|process|nodejs)_\w+/g)) {
        expect([...documented().keys()]).toContain(name.replace(/_bucket$/, ''));
      }
    }
  });
});

describe('docs/prometheus-rules.yaml', () => {
  const Rules = z.object({ groups: z.array(z.object({ rules: z.array(z.object({ expr: z.string() })) })) });

  it('uses only existing metrics', () => {
    const { groups } = Rules.parse(parse(read('prometheus-rules.yaml')));
    const names = groups.flatMap(({ rules }) => rules.map(({ expr }) => expr.match(/\bllamactl_\w+/g) ?? [])).flat();
    expect(names).toContain('llamactl_alert');
    for (const name of names) expect([...documented().keys()]).toContain(name);
  });
});
