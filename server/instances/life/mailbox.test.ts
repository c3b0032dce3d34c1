import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { IDENTITY, LAUNCH, loading, running } from '../../testing/instance-states.ts';
import { MemoryStore } from '../../testing/memory-store.ts';
import { RecordingEvents } from '../../testing/recording-events.ts';
import type { Effect } from './lifecycle.ts';
import { Mailbox } from './mailbox.ts';
import type { InstanceRecord } from '../ports.ts';
import { NEW_STATE } from './transitions.ts';

const RECORD: InstanceRecord = {
  id: 'i',
  name: 'llama',
  port: 8_100,
  portAssigned: true,
  settings: {
    engine: 'llama_cpp',
    options: {},
    extra_args: [],
    environment: {},
    aliases: [],
    unlisted: false,
    auto_start: true,
  },
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
  version: 1,
};
/** Effects run behind the storing, in promises of their own. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const START = { type: 'start', cause: 'command', at: 1_000, elapsed: 1_000 } as const;
const STOP = { type: 'stop', force: false, timeoutMs: 30_000, at: 1_000, elapsed: 1_000 } as const;

function aMailbox(state = NEW_STATE) {
  const store = new MemoryStore();
  const events = new RecordingEvents();
  const effects: { effect: Effect; signal: AbortSignal; stored: number }[] = [];
  const faults: unknown[] = [];
  const clock = new FakeClock();
  const mailbox = new Mailbox(RECORD, state, {
    store,
    events,
    clock,
    effects: { run: (effect, _mailbox, signal) => effects.push({ effect, signal, stored: store.commits }) },
    onFault: (error) => faults.push(error),
  });
  return { clock, mailbox, store, events, effects, faults };
}

describe('a mailbox', () => {
  it('takes an event at once and whole: the next one sees what it did', () => {
    const { mailbox } = aMailbox();
    expect(mailbox.post(START).reply).toEqual({ kind: 'accepted', status: 'starting' });
    expect(mailbox.post(STOP).reply).toEqual({ kind: 'accepted', status: 'stopping' });
    expect(mailbox.state.status).toBe('stopping');
  });

  it('runs effects only after what they follow from is stored', async () => {
    const { mailbox, effects } = aMailbox();
    const { stored } = mailbox.post(START);
    expect(effects).toEqual([]);
    await stored;
    await settled();
    expect(effects).toMatchObject([{ effect: { type: 'request-slot' }, stored: 1 }]);
  });

  it('stores the intent before the spawn', async () => {
    const { mailbox, store, effects } = aMailbox();
    mailbox.post(START);
    mailbox.post({ type: 'granted', run: 1, at: 1_000, elapsed: 1_000 });
    await mailbox.post({ type: 'prepared', run: 1, launch: LAUNCH, at: 1_000, elapsed: 1_000 }).stored;
    await settled();
    const [row] = await store.load();
    expect(row?.state).toMatchObject({ status: 'starting', phase: 'spawning', run: { launch: LAUNCH } });
    expect(effects.map(({ effect }) => effect.type)).toEqual(['request-slot', 'prepare', 'spawn']);
  });

  it('tells of a change of status, with its reason, after it is stored', async () => {
    const { mailbox, events } = aMailbox();
    mailbox.post(START);
    await mailbox.post({
      type: 'spawn-error',
      run: 1,
      reason: 'no engine',
      terms: { autoRestart: true, maxRestarts: 5, jitter: 0 },
      at: 1_000,
      elapsed: 1_000,
    }).stored;
    await settled();
    expect(events.events.map(({ data }) => data)).toEqual([
      { name: 'llama', status: 'starting', previous_status: 'stopped' },
      { name: 'llama', status: 'failed', previous_status: 'starting', reason: 'no engine' },
    ]);
  });

  it('goes on with effects when storing fails, and says that it failed', async () => {
    const { mailbox, store, effects, faults } = aMailbox(running());
    store.failure = new Error('disk full');
    await expect(mailbox.post(STOP).stored).rejects.toThrow('disk full');
    await settled();
    expect(faults).toHaveLength(1);
    expect(effects.map(({ effect }) => effect.type)).toEqual(['drain']);
  });

  it('stores what could not be stored as soon as that works again', async () => {
    const { clock, mailbox, store } = aMailbox(running());
    store.failure = new Error('disk full');
    await expect(mailbox.post(STOP).stored).rejects.toThrow('disk full');
    await clock.advance(5_000);
    expect(await store.load()).toEqual([]);
    store.failure = null;
    await clock.advance(1_000);
    expect(await store.load()).toMatchObject([{ state: { status: 'stopping' } }]);
    const { commits } = store;
    await clock.advance(10_000);
    expect(store.commits, 'once is enough').toBe(commits);
  });

  it('stores at last what could not be stored, when there is no later', async () => {
    const { mailbox, store } = aMailbox(running());
    store.failure = new Error('disk full');
    await expect(mailbox.post(STOP).stored).rejects.toThrow('disk full');
    await settled();
    await expect(mailbox.storeAtLast()).rejects.toThrow('disk full');
    store.failure = null;
    await mailbox.storeAtLast();
    expect(await store.load()).toMatchObject([{ state: { status: 'stopping' } }]);
  });

  it('stores what tells of a change of status in the same transaction, under the id of the instance', async () => {
    const { mailbox, store } = aMailbox();
    await mailbox.post(START).stored;
    expect(store.commits).toBe(1);
    expect(store.events).toMatchObject([{ instance: 'i', event: { data: { name: 'llama', status: 'starting' } } }]);
  });

  it('tells of what could not be stored, and stores that once when it works again', async () => {
    const { clock, mailbox, store, events } = aMailbox();
    store.failure = new Error('disk full');
    await expect(mailbox.post(START).stored).rejects.toThrow('disk full');
    await expect(mailbox.post(STOP).stored).rejects.toThrow('disk full');
    await settled();
    expect(events.statuses('llama')).toEqual(['starting', 'stopping']);
    expect(store.events).toEqual([]);
    await clock.advance(5_000);
    store.failure = null;
    await clock.advance(1_000);
    await mailbox.amend({ ...RECORD, port: 8_101 });
    const statuses = store.events.map(({ event }) => ('status' in event.data ? event.data.status : null));
    expect(statuses).toEqual(['starting', 'stopping']);
    expect(events.statuses('llama')).toEqual(['starting', 'stopping']);
  });

  it('stores with an amendment that a restart is due for it, and the new run knows nothing of that', async () => {
    const { mailbox, store } = aMailbox(running());
    await mailbox.amend({ ...RECORD, port: 8_101 }, [], true);
    expect(await store.load()).toMatchObject([
      { record: { port: 8_101 }, state: { status: 'running', run: { number: 1, restartDue: true } } },
    ]);
    mailbox.post({ type: 'apply', timeoutMs: 0, at: 1_000, elapsed: 1_000 });
    mailbox.post({ type: 'drained', run: 1, at: 1_000, elapsed: 1_000 });
    await mailbox.post({
      type: 'exited',
      run: 1,
      ended: { exit: { code: 0, signal: null, at: 1_000 }, reason: 'restarted', lines: [] },
      terms: { autoRestart: true, maxRestarts: 5, jitter: 0 },
      at: 1_000,
      elapsed: 1_000,
    }).stored;
    const [row] = await store.load();
    expect(row?.state).toMatchObject({ status: 'starting', run: { number: 2 } });
    expect(row?.state).not.toHaveProperty('run.restartDue');
  });

  it('takes back that a restart is due with the amendment that was refused, also where a change of state stored both', async () => {
    const { clock, mailbox, store, events, effects } = aMailbox(loading());
    const taken = events.keep({ type: 'instance_updated', data: { name: 'llama' } }, 'i');
    await mailbox.amend(RECORD, [taken]);
    const amended = mailbox.amend({ ...RECORD, port: 8_101 }, [taken], true);
    const { stored } = mailbox.post({ type: 'ready', run: 1, at: 1_000, elapsed: 1_000 });
    await expect(amended).rejects.toThrow('has this number already');
    await stored;
    expect(await store.load()).toMatchObject([{ record: { port: 8_101 }, state: { run: { restartDue: true } } }]);
    await clock.advance(1_000);
    expect(await store.load()).toMatchObject([
      { record: { port: 8_100 }, state: { status: 'running', run: { restartDue: false } } },
    ]);
    expect(effects.map(({ effect }) => effect.type)).toEqual(['watch-health', 'look-at-offload']);
  });

  it('is as it was when two amendments at once are refused', async () => {
    const { mailbox, store } = aMailbox();
    store.failure = new Error('disk full');
    const both = [8_101, 8_102].map((port) => mailbox.amend({ ...RECORD, port }));
    await Promise.allSettled(both);
    expect(mailbox.record).toEqual(RECORD);
  });

  it('leaves due what another amendment made due', async () => {
    const { mailbox, store } = aMailbox(running());
    await mailbox.amend({ ...RECORD, port: 8_101 }, [], true);
    store.failure = new Error('disk full');
    await expect(mailbox.amend({ ...RECORD, port: 8_102 }, [], true)).rejects.toThrow('disk full');
    expect(mailbox.state).toMatchObject({ run: { restartDue: true } });
  });

  it('does not store what tells of an amendment that was refused, however often it saves afterwards', async () => {
    const { clock, mailbox, store, events } = aMailbox();
    const told = events.keep({ type: 'instance_updated', data: { name: 'llama' } }, 'i');
    store.failure = new Error('disk full');
    await expect(mailbox.amend({ ...RECORD, port: 8_101 }, [told])).rejects.toThrow('disk full');
    store.failure = null;
    await clock.advance(10_000);
    await mailbox.amend({ ...RECORD, port: 8_102 });
    expect(store.events).toEqual([]);
  });

  it('ends what an effect waits for when its phase is over, and not before', async () => {
    const { mailbox, effects } = aMailbox(running());
    await mailbox.post({ ...STOP, timeoutMs: 60_000 }).stored;
    await settled();
    const drain = effects[0];
    mailbox.post({ type: 'start', cause: 'command', at: 2_000, elapsed: 2_000 });
    expect(drain?.signal.aborted, 'another goal, the same drain').toBe(false);
    mailbox.post({ ...STOP, timeoutMs: 10_000 });
    expect(drain?.signal.aborted, 'a shorter drain takes its place').toBe(true);
  });

  it('is closed by a delete: what comes later changes and stores nothing', async () => {
    const { mailbox, store } = aMailbox();
    await mailbox.amend(RECORD);
    expect(mailbox.post({ type: 'delete', at: 1_000, elapsed: 1_000 }).reply).toEqual({ kind: 'gone' });
    await mailbox.post(START).stored;
    expect(mailbox.isClosed).toBe(true);
    expect(mailbox.state.status).toBe('stopped');
    expect(store.commits).toBe(1);
  });
});

describe('waiting for a state', () => {
  it('ends when it is reached', async () => {
    const { mailbox } = aMailbox(running());
    const stopped = mailbox.until(({ status }) => status === 'stopped');
    mailbox.post(STOP);
    mailbox.post({ type: 'drained', run: 1, at: 1_000, elapsed: 1_000 });
    mailbox.post({
      type: 'exited',
      run: 1,
      ended: { exit: { code: 0, signal: null, at: 1_000 }, reason: 'stopped', lines: [] },
      terms: { autoRestart: true, maxRestarts: 5, jitter: 0 },
      at: 1_000,
      elapsed: 1_000,
    });
    expect((await stopped).status).toBe('stopped');
  });

  it('ends at once when it is so already, and when the instance is deleted', async () => {
    const { mailbox } = aMailbox();
    await mailbox.until(({ status }) => status === 'stopped');
    const never = mailbox.until(({ status }) => status === 'running');
    mailbox.post({ type: 'delete', at: 1_000, elapsed: 1_000 });
    await never;
  });

  it('ends with an error when the caller leaves', async () => {
    const { mailbox } = aMailbox(running({ identity: IDENTITY }));
    const controller = new AbortController();
    const waiting = mailbox.until(({ status }) => status === 'stopped', controller.signal);
    controller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });
});

describe('an instance that another server takes up', () => {
  it('does nothing more and changes nothing more, and says so to whoever waits', async () => {
    const { mailbox, store, events, effects } = aMailbox();
    const { stored } = mailbox.post(START);
    mailbox.seal();
    const late = mailbox.post(STOP);
    await stored;
    await settled();
    expect(effects).toEqual([]);
    expect(events.events).toHaveLength(1);
    await expect(late.stored).rejects.toThrow('belongs to another server');
    await expect(mailbox.amend({ ...RECORD, version: 2 })).rejects.toThrow('belongs to another server');
    expect([mailbox.state.status, mailbox.record.version, store.commits]).toEqual(['starting', 1, 1]);
  });

  it('ends what its phase asked for', async () => {
    const { mailbox, effects } = aMailbox();
    mailbox.post(START);
    await settled();
    expect(effects.map(({ signal }) => signal.aborted)).toEqual([false]);
    mailbox.seal();
    expect(effects.map(({ signal }) => signal.aborted)).toEqual([true]);
  });
});
