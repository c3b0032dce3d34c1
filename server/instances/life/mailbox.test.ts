import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { IDENTITY, LAUNCH, loading, running } from '../../testing/instance-states.ts';
import { MemoryStore } from '../../testing/memory-store.ts';
import { RecordingEvents } from '../../testing/recording-events.ts';
import type { Effect } from './lifecycle.ts';
import { Mailbox } from './mailbox.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
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
/** Effects run in separate promises after the store; wait for them. */
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
  it('applies an event synchronously: the next event sees its result', () => {
    const { mailbox } = aMailbox();
    expect(mailbox.post(START).reply).toEqual({ kind: 'accepted', status: 'starting' });
    expect(mailbox.post(STOP).reply).toEqual({ kind: 'accepted', status: 'stopping' });
    expect(mailbox.state.status).toBe('stopping');
  });

  it('runs effects only after their state is stored', async () => {
    const { mailbox, effects } = aMailbox();
    const { stored } = mailbox.post(START);
    expect(effects).toEqual([]);
    await stored;
    await settled();
    expect(effects).toMatchObject([{ effect: { type: 'request-slot' }, stored: 1 }]);
  });

  it('stores the launch before the spawn', async () => {
    const { mailbox, store, effects } = aMailbox();
    mailbox.post(START);
    mailbox.post({ type: 'granted', run: 1, at: 1_000, elapsed: 1_000 });
    await mailbox.post({ type: 'prepared', run: 1, launch: LAUNCH, at: 1_000, elapsed: 1_000 }).stored;
    await settled();
    const [row] = await store.load();
    expect(row?.state).toMatchObject({ status: 'starting', phase: 'spawning', run: { launch: LAUNCH } });
    expect(effects.map(({ effect }) => effect.type)).toEqual(['request-slot', 'prepare', 'spawn']);
  });

  it('publishes a status change with its reason after it is stored', async () => {
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
      { name: 'llama', status: 'starting', previous_status: 'stopped', trigger: { kind: 'command' } },
      {
        name: 'llama',
        status: 'failed',
        previous_status: 'starting',
        reason: 'no engine',
        phrase: { kind: 'unknown' },
      },
    ]);
  });

  it('runs effects even when storing fails, and reports the failure', async () => {
    const { mailbox, store, effects, faults } = aMailbox(running());
    store.failure = new Error('disk full');
    await expect(mailbox.post(STOP).stored).rejects.toThrow('disk full');
    await settled();
    expect(faults).toHaveLength(1);
    expect(effects.map(({ effect }) => effect.type)).toEqual(['drain']);
  });

  it('retries a failed store until it works', async () => {
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
    expect(store.commits, 'it is stored once').toBe(commits);
  });

  it('stores an unstored change with storeAtLast', async () => {
    const { mailbox, store } = aMailbox(running());
    store.failure = new Error('disk full');
    await expect(mailbox.post(STOP).stored).rejects.toThrow('disk full');
    await settled();
    await expect(mailbox.storeAtLast()).rejects.toThrow('disk full');
    store.failure = null;
    await mailbox.storeAtLast();
    expect(await store.load()).toMatchObject([{ state: { status: 'stopping' } }]);
  });

  it('stores the event of a status change in the same transaction, under the id of the instance', async () => {
    const { mailbox, store } = aMailbox();
    await mailbox.post(START).stored;
    expect(store.commits).toBe(1);
    expect(store.events).toMatchObject([{ instance: 'i', event: { data: { name: 'llama', status: 'starting' } } }]);
  });

  it('publishes events that could not be stored, and stores them once when it works again', async () => {
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

  it('stores the due restart with an amendment, and removes it with the new run', async () => {
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

  it('rolls back a due restart with its refused amendment, even if a state change has stored both', async () => {
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

  it('is unchanged when two concurrent amendments are refused', async () => {
    const { mailbox, store } = aMailbox();
    store.failure = new Error('disk full');
    const both = [8_101, 8_102].map((port) => mailbox.amend({ ...RECORD, port }));
    await Promise.allSettled(both);
    expect(mailbox.record).toEqual(RECORD);
  });

  it('keeps a due restart of an earlier amendment when a later one is refused', async () => {
    const { mailbox, store } = aMailbox(running());
    await mailbox.amend({ ...RECORD, port: 8_101 }, [], true);
    store.failure = new Error('disk full');
    await expect(mailbox.amend({ ...RECORD, port: 8_102 }, [], true)).rejects.toThrow('disk full');
    expect(mailbox.state).toMatchObject({ run: { restartDue: true } });
  });

  it('never stores the events of a refused amendment, not even with later saves', async () => {
    const { clock, mailbox, store, events } = aMailbox();
    const kept = events.keep({ type: 'instance_updated', data: { name: 'llama' } }, 'i');
    store.failure = new Error('disk full');
    await expect(mailbox.amend({ ...RECORD, port: 8_101 }, [kept])).rejects.toThrow('disk full');
    store.failure = null;
    await clock.advance(10_000);
    await mailbox.amend({ ...RECORD, port: 8_102 });
    expect(store.events).toEqual([]);
  });

  it('aborts an effect when its phase is over, and not before', async () => {
    const { mailbox, effects } = aMailbox(running());
    await mailbox.post({ ...STOP, timeoutMs: 60_000 }).stored;
    await settled();
    const drain = effects[0];
    mailbox.post({ type: 'start', cause: 'command', at: 2_000, elapsed: 2_000 });
    expect(drain?.signal.aborted, 'another goal, the same drain').toBe(false);
    mailbox.post({ ...STOP, timeoutMs: 10_000 });
    expect(drain?.signal.aborted, 'a shorter drain replaces it').toBe(true);
  });

  it('is closed by a delete: later events change and store nothing', async () => {
    const { mailbox, store } = aMailbox();
    await mailbox.amend(RECORD);
    expect(mailbox.post({ type: 'delete', at: 1_000, elapsed: 1_000 }).reply).toEqual({ kind: 'gone' });
    await mailbox.post(START).stored;
    expect(mailbox.isClosed).toBe(true);
    expect(mailbox.state.status).toBe('stopped');
    expect(store.commits).toBe(1);
  });
});

describe('until', () => {
  it('resolves when the state is reached', async () => {
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

  it('resolves at once if the state is already reached, and when the instance is deleted', async () => {
    const { mailbox } = aMailbox();
    await mailbox.until(({ status }) => status === 'stopped');
    const never = mailbox.until(({ status }) => status === 'running');
    mailbox.post({ type: 'delete', at: 1_000, elapsed: 1_000 });
    await never;
  });

  it('rejects when the caller aborts', async () => {
    const { mailbox } = aMailbox(running({ identity: IDENTITY }));
    const controller = new AbortController();
    const waiting = mailbox.until(({ status }) => status === 'stopped', controller.signal);
    controller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
  });
});

describe('a sealed mailbox', () => {
  it('runs no effects, changes nothing, and rejects posts and amendments', async () => {
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

  it('aborts the effects of its phase', async () => {
    const { mailbox, effects } = aMailbox();
    mailbox.post(START);
    await settled();
    expect(effects.map(({ signal }) => signal.aborted)).toEqual([false]);
    mailbox.seal();
    expect(effects.map(({ signal }) => signal.aborted)).toEqual([true]);
  });
});
