import { ApiError } from '@llamactl/contract/errors';
import type { DomainEvent } from '@llamactl/contract/events';
import type { RefusedStart } from '@llamactl/contract/refused-start';
import { describe, expect, it } from 'vitest';
import { Domain, type DomainOptions } from '../testing/domain.ts';
import { FakeEngines } from '../testing/fake-engines.ts';
import { NEW_STATE } from './life/transitions.ts';
import type { InstanceRecord } from './ports/instance-record.ts';
import { RefusedStarts } from './refused-starts.ts';
import { newSettings } from './settings/settings.ts';

const MINUTE_MS = 60_000;
const NO_FILE = { code: 'MODEL_NOT_FOUND', message: 'the model file /m.gguf does not exist' } as const;
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

const RECORD: InstanceRecord = {
  id: 'i1',
  name: 'a',
  port: 8_100,
  portAssigned: true,
  settings: newSettings({ model_path: '/m.gguf' }),
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
  version: 1,
};

/** The error of a call that is answered later. */
const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'not refused',
    (error: unknown) => error,
  );

/** The events about refused starts, oldest first. */
function refusals(domain: Domain): DomainEvent['data'][] {
  return domain.events.events.flatMap(({ type, data }) => (type === 'instance_start_refused' ? [data] : []));
}

const refused = (domain: Domain, name = 'a'): RefusedStart | null => domain.manager.get(name).refused;

/** An instance `a` whose model is missing. */
async function withoutFile(): Promise<Domain> {
  const domain = new Domain();
  await domain.create('a');
  domain.adapter.startProblem = NO_FILE;
  return domain;
}

/** An instance `a` that needs twice the memory of the machine. */
async function tooLarge(options: DomainOptions = {}): Promise<Domain> {
  const domain = new Domain(undefined, { machine: { ram: 1_000 }, ...options });
  domain.machine?.models.set('/m.gguf', { ram: 2_000 });
  await domain.create('a');
  return domain;
}

async function startRefused(domain: Domain, name = 'a'): Promise<void> {
  await expect(domain.manager.start(name)).rejects.toBeInstanceOf(ApiError);
}

describe('a refused start', () => {
  it('is published and stored with code, message and author, and stays with the instance', async () => {
    const domain = await withoutFile();
    await expect(domain.manager.start('a', { by: 'user:ada' })).rejects.toEqual(code('MODEL_NOT_FOUND'));
    const event = { name: 'a', ...NO_FILE, trigger: { kind: 'command', caller: 'user:ada' } };
    expect(refusals(domain)).toEqual([event]);
    await domain.settle();
    const stored = domain.store.events.at(-1);
    expect(stored).toMatchObject({
      instance: domain.manager.idOf('a'),
      event: { type: 'instance_start_refused', data: event },
    });
    const last = { ...NO_FILE, at: stored?.timestamp };
    expect(domain.manager.get('a')).toMatchObject({ status: 'stopped', refused: last });
    expect(domain.manager.list()).toMatchObject([{ status: 'stopped', refused: last }]);
  });

  it('because of its memory has the message of the error', async () => {
    const domain = await tooLarge();
    const error = await errorOf(domain.manager.start('a'));
    expect(error).toMatchObject({ code: 'DOES_NOT_FIT' });
    expect(refusals(domain)).toEqual([
      { name: 'a', code: 'DOES_NOT_FIT', message: String(error).replace(/^\w+: /, ''), trigger: { kind: 'command' } },
    ]);
  });

  it('because of a taken port is published', async () => {
    const domain = new Domain();
    await domain.create('a', { port: 9_000 });
    domain.world.foreignPorts.set(9_000, { pid: 77, description: 'nginx (pid 77)' });
    await startRefused(domain);
    const message = 'Port 9000 is in use by nginx (pid 77); end it, or give a another port.';
    expect(refusals(domain)).toMatchObject([{ code: 'PORT_IN_USE', message }]);
    expect(refused(domain)).toMatchObject({ code: 'PORT_IN_USE', message });
  });

  it('because of pinned instances is published', async () => {
    const domain = new Domain(undefined, { settings: { max_running: 1 } });
    await domain.createRunning('b', { pinned: true });
    await domain.create('a');
    await startRefused(domain);
    expect(refusals(domain)).toMatchObject([{ name: 'a', code: 'CAPACITY_EXCEEDED' }]);
  });

  it('on demand names the caller and the request', async () => {
    const domain = await tooLarge();
    const request = domain.acquire('a', { subject: 'key:k1 (ci)', requestId: 'r1' });
    await expect(request).rejects.toEqual(code('DOES_NOT_FIT'));
    const trigger = { kind: 'demand', caller: 'key:k1 (ci)', request_id: 'r1' };
    expect(refusals(domain)).toMatchObject([{ name: 'a', code: 'DOES_NOT_FIT', trigger }]);
    expect(refused(domain)).toMatchObject({ code: 'DOES_NOT_FIT' });
  });

  it('of several at once is published for each of them', async () => {
    const domain = new Domain(undefined, { settings: { max_running: 1 } });
    for (const name of ['a', 'b', 'c']) await domain.create(name);
    await domain.manager.startAll(['a', 'b', 'c'], 'user:ada');
    const trigger = { kind: 'command', caller: 'user:ada' };
    expect(refusals(domain)).toMatchObject([
      { name: 'b', code: 'CAPACITY_EXCEEDED', trigger },
      { name: 'c', code: 'CAPACITY_EXCEEDED', trigger },
    ]);
  });

  it('of a restart leaves the engine running', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    domain.adapter.startProblem = NO_FILE;
    await expect(domain.manager.restart('a', { by: 'user:ada' })).rejects.toEqual(code('MODEL_NOT_FOUND'));
    expect(domain.manager.get('a')).toMatchObject({ status: 'running', refused: NO_FILE });
    expect(refusals(domain)).toHaveLength(1);
  });

  it('names the program of the engine without its folder', async () => {
    const domain = new Domain();
    await domain.create('a');
    const plan = domain.adapter.plan.bind(domain.adapter);
    domain.adapter.plan = (record) => ({ ...plan(record), command: 'llama-server' });
    domain.adapter.startProblem = { code: 'ENGINE_NOT_FOUND', message: '/home/ada/llama-server cannot be executed' };
    await expect(domain.manager.start('a')).rejects.toThrow('/home/ada/llama-server');
    expect(refused(domain)?.message).toBe('llama-server cannot be executed');
    expect(refusals(domain)).toMatchObject([{ message: 'llama-server cannot be executed' }]);
  });
});

describe('a crowd of refused requests', () => {
  it('publishes one event in ten minutes', async () => {
    const domain = await tooLarge();
    const crowd = async (): Promise<void> => {
      await Promise.allSettled(Array.from({ length: 200 }, () => domain.acquire('a')));
    };
    await crowd();
    expect(refusals(domain)).toHaveLength(1);
    await domain.pass(10 * MINUTE_MS - 1);
    await crowd();
    expect(refusals(domain)).toHaveLength(1);
    await domain.pass(1);
    await crowd();
    expect(refusals(domain)).toHaveLength(2);
  });

  it('keeps the time of the last of them with the instance', async () => {
    const domain = await tooLarge();
    await startRefused(domain);
    const first = refused(domain)?.at ?? '';
    await domain.pass(MINUTE_MS);
    await startRefused(domain);
    expect(Date.parse(refused(domain)?.at ?? '') - Date.parse(first)).toBe(MINUTE_MS);
  });

  it('publishes one event for each code', async () => {
    const domain = await withoutFile();
    await startRefused(domain);
    domain.adapter.startProblem = { code: 'PRIVILEGED_OPTION', message: 'LD_PRELOAD may not be set' };
    await startRefused(domain);
    domain.adapter.startProblem = NO_FILE;
    await startRefused(domain);
    expect(refusals(domain)).toMatchObject([{ code: 'MODEL_NOT_FOUND' }, { code: 'PRIVILEGED_OPTION' }]);
    expect(refused(domain)).toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('publishes the refusal of each instance', async () => {
    const domain = await withoutFile();
    await domain.create('b');
    await startRefused(domain, 'a');
    await startRefused(domain, 'b');
    expect(refusals(domain)).toMatchObject([{ name: 'a' }, { name: 'b' }]);
  });
});

describe('the last refused start', () => {
  it('is over when a start goes through, and the next refusal is published again', async () => {
    const domain = await withoutFile();
    await startRefused(domain);
    domain.adapter.startProblem = null;
    await domain.manager.start('a');
    expect(refused(domain)).toBe(null);
    await domain.settle();
    await domain.manager.stop('a');
    await domain.settle();
    expect(domain.manager.list()).toMatchObject([{ status: 'stopped', refused: null }]);
    domain.adapter.startProblem = NO_FILE;
    await startRefused(domain);
    expect(refusals(domain)).toHaveLength(2);
  });

  it.each<[string, object]>([
    ['an option', { options: { threads: 2 } }],
    ['the port', { port: 9_001 }],
  ])('is over when %s changes, and the next refusal is published again', async (_what, patch) => {
    const domain = await withoutFile();
    await startRefused(domain);
    await domain.manager.update('a', patch, { restart: false });
    expect(domain.manager.list()).toMatchObject([{ refused: null }]);
    expect(refused(domain)).toBe(null);
    await startRefused(domain);
    expect(refusals(domain)).toHaveLength(2);
    expect(refused(domain)).toMatchObject(NO_FILE);
  });

  it('stays after an update without a change and after a rename, which publish nothing', async () => {
    const domain = await withoutFile();
    await startRefused(domain);
    const before = refused(domain);
    await domain.manager.update('a', { model_path: '/m.gguf' }, { restart: false });
    await domain.manager.rename('a', 'b');
    expect(before).toMatchObject(NO_FILE);
    expect(refused(domain, 'b')).toBe(before);
    await startRefused(domain, 'b');
    expect(refusals(domain)).toHaveLength(1);
  });

  it('is not of the settings that came during the check', async () => {
    const domain = await withoutFile();
    let look = (): void => undefined;
    const looked = new Promise<void>((resolve) => (look = resolve));
    domain.adapter.preflight = () => looked.then(() => NO_FILE);
    const refusal = errorOf(domain.manager.start('a'));
    await domain.manager.update('a', { options: { threads: 2 } }, { restart: false });
    look();
    expect(await refusal).toEqual(code('MODEL_NOT_FOUND'));
    expect(refusals(domain)).toHaveLength(1);
    expect(refused(domain)).toBe(null);
  });

  it('for a slot of a group is over when a slot is free, and not before', async () => {
    const domain = new Domain(undefined, { groups: { big: { max_running: 1 } } });
    await domain.createRunning('a', { group: 'big' });
    await domain.create('b', { group: 'big' });
    await domain.manager.startAll(['b']);
    expect(refused(domain, 'b')).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
    expect(domain.instances.lookAtFreed()).toEqual({ hasChanged: false, isLeft: true });
    await domain.manager.stopAll();
    await domain.settle();
    expect(domain.instances.lookAtFreed()).toEqual({ hasChanged: true, isLeft: false });
    expect(refused(domain, 'b')).toBe(null);
    await domain.manager.start('a');
    await domain.settle();
    await domain.manager.startAll(['b']);
    expect(refusals(domain)).toHaveLength(2);
  });

  it('is over with the instance', async () => {
    const domain = await withoutFile();
    await startRefused(domain);
    await domain.manager.remove('a');
    await domain.create('a');
    expect(refused(domain)).toBe(null);
    await startRefused(domain);
    expect(refusals(domain)).toHaveLength(2);
  });

  it('is forgotten with its instance', () => {
    const { clock, events, adapter } = new Domain();
    const refusedStarts = new RefusedStarts({ clock, events, engines: new FakeEngines({ llama_cpp: adapter }) });
    const instance = { record: RECORD, state: NEW_STATE, isClosed: false, isSealed: false };
    refusedStarts.note(instance, new ApiError('MODEL_NOT_FOUND', 'no file'), { kind: 'command' });
    expect(refusedStarts.of(instance)).toMatchObject({ message: 'no file' });
    refusedStarts.forget(RECORD.id);
    expect(refusedStarts.of(instance)).toBe(null);
  });

  it('is unknown after a restart of llamactl, which keeps the event', async () => {
    const domain = await withoutFile();
    await startRefused(domain);
    await domain.settle();
    const next = await domain.crash();
    expect(refused(next)).toBe(null);
    expect(next.store.events.map(({ event }) => event.type)).toEqual(['instance_created', 'instance_start_refused']);
  });

  it('leaves the row of the list as it is until the next one', async () => {
    const domain = await withoutFile();
    const [before] = domain.manager.list();
    await startRefused(domain);
    const [row] = domain.manager.list();
    expect(row).not.toBe(before);
    expect(domain.manager.list()[0]).toBe(row);
  });
});

describe('no refused start', () => {
  const refusedNothing = (domain: Domain): void => {
    expect(refusals(domain)).toEqual([]);
    expect(domain.manager.list().map((row) => row.refused)).toEqual(domain.manager.list().map(() => null));
  };

  it('is the start of an unknown or a running instance', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    await expect(domain.manager.start('b')).rejects.toEqual(code('INSTANCE_NOT_FOUND'));
    await expect(domain.acquire('b')).rejects.toEqual(code('INSTANCE_NOT_FOUND'));
    await domain.manager.start('a');
    refusedNothing(domain);
  });

  it('is a request that may not start the instance', async () => {
    const domain = await tooLarge();
    await expect(domain.acquire('a', { mayStart: false })).rejects.toEqual(code('INSTANCE_NOT_RUNNING'));
    await expect(domain.acquire('a', { onlyRunning: true })).rejects.toEqual(code('INSTANCE_NOT_RUNNING'));
    refusedNothing(domain);
  });

  it('is a request that waits for a slot and is then served', async () => {
    const domain = new Domain(undefined, { settings: { max_running: 1 } });
    await domain.createRunning('b');
    await domain.create('a');
    const lease = domain.acquire('a');
    await domain.pass(100);
    (await lease).release();
    refusedNothing(domain);
  });

  it('is an accepted start that cannot be launched: the instance fails, with the reason', async () => {
    const domain = await withoutFile();
    const failure = errorOf(domain.acquire('a'));
    await domain.pass(100);
    expect(await failure).toEqual(code('START_FAILED'));
    expect(domain.manager.get('a')).toMatchObject({ status: 'failed', reason: NO_FILE.message });
    refusedNothing(domain);
  });

  it('is an engine that dies while it loads', async () => {
    const domain = new Domain();
    await domain.create('a');
    domain.supervisor.spawnFailures.push('there is no /bin/sh');
    const failure = errorOf(domain.manager.start('a', { wait: true }));
    await domain.pass(50);
    expect(await failure).toEqual(code('START_FAILED'));
    refusedNothing(domain);
  });

  it('is a change with a restart that is refused, because its settings are not stored', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    domain.adapter.startProblem = NO_FILE;
    const patch = { options: { threads: 2 } };
    await expect(domain.manager.update('a', patch, { restart: true })).rejects.toEqual(code('MODEL_NOT_FOUND'));
    refusedNothing(domain);
  });

  it('is the start of an instance that is deleted during its check', async () => {
    const domain = await withoutFile();
    let look = (): void => undefined;
    const looked = new Promise<void>((resolve) => (look = resolve));
    domain.adapter.preflight = () => looked.then(() => NO_FILE);
    const refusal = errorOf(domain.manager.start('a'));
    await domain.manager.remove('a');
    look();
    expect(await refusal).toEqual(code('MODEL_NOT_FOUND'));
    refusedNothing(domain);
  });

  it('is a start that another server has to judge', async () => {
    const domain = await withoutFile();
    let look = (): void => undefined;
    const looked = new Promise<void>((resolve) => (look = resolve));
    domain.adapter.preflight = () => looked.then(() => NO_FILE);
    const refusal = errorOf(domain.manager.start('a'));
    await domain.instances.handOver(() => Promise.reject(new Error('no lease')));
    look();
    expect(await refusal).toEqual(code('MODEL_NOT_FOUND'));
    refusedNothing(domain);
  });
});
