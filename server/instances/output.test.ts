import { describe, expect, it } from 'vitest';
import { Domain } from '../testing/domain.ts';
import { currentRun } from './life/transitions.ts';

const calls = (domain: Domain): string[] => domain.logs.calls.map(({ method }) => method);
const ALL = { lines: null, level: null, afterSeq: null };

describe('the output of a run', () => {
  it('is placed in the log before the spawn, and is watched while the run lives', async () => {
    const domain = new Domain();
    await domain.create();
    domain.supervisor.holdSpawns();
    await domain.manager.start('a');
    await domain.settle();
    expect(calls(domain)).toEqual(['begin', 'attach']);
    domain.supervisor.releaseSpawns();
    await domain.settle();
    await domain.manager.stop('a');
    await domain.pass(100);
    expect(domain.status()).toBe('stopped');
    expect(calls(domain)).toEqual(['begin', 'attach', 'detach']);
  });

  it('is detached after a failed launch', async () => {
    const domain = new Domain();
    await domain.create();
    domain.supervisor.spawnFailures.push('no such program');
    await domain.manager.start('a');
    await domain.settle();
    expect(domain.status()).toBe('failed');
    expect(calls(domain)).toEqual(['begin', 'attach', 'detach']);
  });

  it('keeps its place in the log under the next server', async () => {
    const before = new Domain();
    await before.createRunning();
    const after = await before.crash();
    expect(calls(after)).toEqual(['attach']);
    expect(after.logs.calls[0]?.folder).toBe(before.logs.calls[0]?.folder);
  });

  it('is read by the name of its instance, ignoring case, also without a run', async () => {
    const domain = new Domain();
    const id = await domain.create();
    const entry = { timestamp: '2026-01-01T00:00:00.000Z', level: 'info', message: 'hello', seq: 6 } as const;
    domain.logs.write({ folder: `/data/instances/${id}/runs` }, entry);
    expect(await domain.manager.logs('A', ALL)).toEqual({ logs: [entry] });
    await expect(domain.manager.logs('b', ALL)).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    expect(() => domain.manager.followLogs('b', ALL, new AbortController().signal)).toThrow('There is no instance');
    await domain.manager.update('a', { aliases: ['b'] }, { restart: false });
    await expect(domain.manager.logs('b', ALL)).rejects.toThrow('There is no instance "b"; it is an alias of a.');
  });

  it('does not show the key of the run, whether read or followed', async () => {
    const domain = new Domain();
    const id = await domain.createRunning('a');
    const [stored] = await domain.store.load();
    const key = (stored && currentRun(stored.state)?.launch?.key) ?? '';
    expect(key).not.toBe('');
    const entry = {
      timestamp: '2026-01-01T00:00:00.000Z',
      level: 'info',
      message: `--api-key ${key}`,
      seq: 6,
    } as const;
    domain.logs.write({ folder: `/data/instances/${id}/runs` }, entry);
    const shown = { ...entry, message: '--api-key ***' };
    expect(await domain.manager.logs('a', ALL)).toEqual({ logs: [shown] });
    const follower = domain.manager.followLogs('a', ALL, new AbortController().signal)[Symbol.asyncIterator]();
    expect((await follower.next()).value).toEqual([shown]);
  });

  it('is followed until its instance is deleted', async () => {
    const domain = new Domain();
    await domain.create();
    const follower = domain.manager.followLogs('a', ALL, new AbortController().signal)[Symbol.asyncIterator]();
    const next = follower.next();
    await domain.manager.remove('a');
    expect(await next).toMatchObject({ done: true });
    expect(calls(domain)).toEqual(['forget']);
  });
});

describe('liveRuns', () => {
  it('returns the runs that have a process, with their resources', async () => {
    const domain = new Domain();
    await domain.createRunning('a');
    await domain.create('b');
    const [run, ...others] = domain.manager.liveRuns();
    expect([run?.name, others]).toEqual(['a', []]);
    expect(run?.stats()).toEqual(domain.manager.get('a').stats);
    expect(run?.stats()).not.toBeNull();
    await domain.manager.stop('a');
    await domain.pass(100);
    expect(domain.manager.liveRuns()).toEqual([]);
  });
});
