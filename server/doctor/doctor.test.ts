import { describe, expect, it } from 'vitest';
import { DoctorSchema } from '@llamactl/contract/doctor';
import { FakeClock } from '../testing/fake-clock.ts';
import { Doctor, type DoctorPatient } from './doctor.ts';
import { byConfiguration, well, wrong, type Finding } from './finding.ts';

function patient(changes: Partial<DoctorPatient> = {}): DoctorPatient & { clock: FakeClock } {
  return {
    built: '2020-01-01T00:00:00Z',
    configuration: async () => ({ file: '/etc/llamactl.yaml', pending: [] }),
    alerts: () => [],
    models: () => [],
    instances: { list: () => [], health: async () => ({}) },
    machine: async function* () {
      yield well('GPU', 'none');
    },
    ...changes,
    clock: new FakeClock(),
  };
}

async function found(changes: Partial<DoctorPatient>) {
  return (await new Doctor(patient(changes)).examine()).findings;
}

describe('the doctor of a server', () => {
  it('has what findings say as data too, for programs in another language', async () => {
    const obstacle = { code: 'MODEL_NOT_FOUND', message: 'the model file /m/x.gguf does not exist' } as const;
    const findings = await found({
      configuration: async () => ({ file: '/etc/l.yaml', pending: ['server.port'] }),
      alerts: () => [{ level: 'error', code: 'c', message: 'm', cause: 'crash', raised_at: '2026-03-01T12:00:00Z' }],
      instances: { list: () => [{ name: 'a', status: 'stopped' }], health: async () => ({ start_obstacle: obstacle }) },
    });
    const [alert, instance, configuration] = findings;
    expect(alert?.alert).toEqual({ level: 'error', code: 'c', cause: 'crash' });
    expect(instance?.phrases).toEqual([
      { kind: 'cannot_start', data: { name: 'a' } },
      { kind: 'model_missing', data: { file: '/m/x.gguf' } },
    ]);
    expect(configuration).toMatchObject({
      phrases: [{ kind: 'configuration_pending', data: { file: '/etc/l.yaml', keys: 'server.port' } }],
      remedies: [{ phrase: { kind: 'reload' } }],
    });
  });

  it('returns a finding of each check, in the form of the API', async () => {
    const report = await new Doctor(patient()).examine();
    expect(DoctorSchema.parse(report)).toEqual(report);
    expect(report.findings.map(({ id, status }) => [id, status])).toEqual([
      ['alert', 'ok'],
      ['configuration', 'ok'],
      ['gpu', 'ok'],
      ['clock', 'ok'],
    ]);
  });

  it('has a problem for each error, with its remedies, and names the engine', async () => {
    const machine = async function* (): AsyncGenerator<Finding, void, void> {
      yield wrong('port range', 'no port left', byConfiguration('Widen', 'instances.port_range'));
      yield wrong('engine two', 'nope was not found');
    };
    expect(await found({ machine })).toEqual(
      expect.arrayContaining([
        {
          id: 'port_range',
          status: 'problem',
          sentence: 'no port left',
          remedies: [{ label: 'Widen', link: 'configuration/instances.port_range' }],
        },
        { id: 'engine', status: 'problem', sentence: 'engine two: nope was not found', remedies: [] },
      ]),
    );
  });

  it('passes on alerts, obstacles to the next start of instances, and broken models', async () => {
    const asked: string[] = [];
    const findings = await found({
      alerts: () => [{ level: 'error', code: 'c', message: 'm', instance: 'a', raised_at: '2026-03-01T12:00:00Z' }],
      models: () => [{ id: 'half', ref: null, name: 'half', path: '/half.gguf', problems: ['It is cut.'] }],
      instances: {
        list: () => [
          { name: 'a', status: 'failed' },
          { name: 'b', status: 'running' },
          { name: 'c', status: 'stopped' },
        ],
        health: async (name) => {
          asked.push(name);
          return name === 'a' ? {} : { start_obstacle: { message: 'It is gone.' } };
        },
      },
    });
    expect(asked).toEqual(['a', 'c', 'b']);
    expect(findings.slice(0, 4)).toMatchObject([
      { id: 'alert', status: 'problem', instance: 'a', remedies: [{ command: 'llamactl why a' }] },
      { id: 'instance', status: 'warning', sentence: 'c cannot be started: It is gone.', instance: 'c' },
      { id: 'instance', sentence: 'b runs, but once it stops, it cannot start again: It is gone.', instance: 'b' },
      { id: 'models', status: 'warning', remedies: [{ link: 'models' }] },
    ]);
  });

  it('reports a file that cannot be read, and changes that wait', async () => {
    const broken = await found({
      configuration: async () => ({ file: '/c.yaml', pending: [], problem: 'line 1: x\nline 2: y' }),
    });
    expect(broken.filter(({ id }) => id === 'configuration').map(({ sentence }) => sentence)).toEqual([
      'line 1: x',
      'line 2: y',
    ]);
    const waiting = await found({ configuration: async () => ({ file: '/c.yaml', pending: ['server.port'] }) });
    expect(waiting[1]).toMatchObject({ status: 'warning', remedies: [{ command: 'llamactl reload' }] });
  });

  it('runs once at a time, and ends after 30 seconds with what it has', async () => {
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const own = patient({
      machine: async function* () {
        runs += 1;
        yield well('disk', 'enough');
        await gate.promise;
        yield well('engine', 'too late');
      },
    });
    const doctor = new Doctor(own);
    const [first, second] = [doctor.examine(), doctor.examine()];
    await own.clock.advance(30_000);
    const report = await first;
    expect(await second).toBe(report);
    expect(report.duration).toBe(30);
    expect(report.findings.map(({ id }) => id)).toEqual(['alert', 'configuration', 'disk', 'unfinished']);
    // The check that was given up still runs.
    expect(await doctor.examine()).toBe(report);
    expect(runs).toBe(1);
    gate.resolve();
    await own.clock.advance(0);
    expect(await doctor.examine()).not.toBe(report);
    expect(runs).toBe(2);
  });
});
