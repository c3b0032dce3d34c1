import type { DomainEvent } from '@llamactl/contract/events';
import type { Status } from '@llamactl/contract/instance';
import type { StartRefusalCode } from '@llamactl/contract/refused-start';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { createStartsAlert, STARTS_BLOCKED, type StartsAlert } from './starts-alert.ts';

const GATHERED_MS = 2_000;

let clock: FakeClock;
let rows: { name: string; status: Status; on_demand: boolean; refused: ReturnType<typeof refusal> | null }[];
let emit: (event: DomainEvent) => void;
let raised: Map<string, string>;
let log: string[];
let alert: StartsAlert;
let looks: string[];
let lookAt: () => Promise<void>;

const refusal = (code: StartRefusalCode) => ({ at: '2026-01-01T00:00:00.000Z', code, message: 'no' });
const blocked = (name: string, code: StartRefusalCode = 'MODEL_NOT_FOUND') => ({
  name,
  status: 'stopped' as const,
  on_demand: true,
  refused: refusal(code),
});
const refused = (name: string): DomainEvent => ({
  type: 'instance_start_refused',
  data: { name, code: 'MODEL_NOT_FOUND', message: 'no', trigger: { kind: 'command' } },
});

beforeEach(() => {
  clock = new FakeClock();
  rows = [];
  raised = new Map();
  log = [];
  looks = [];
  lookAt = async () => undefined;
  alert = createStartsAlert({
    clock,
    alerts: {
      raise: ({ code, message, instance }) => {
        expect(instance).toBeUndefined();
        if (raised.get(code) !== message) log.push(message);
        raised.set(code, message);
      },
      clear: (code) => raised.delete(code),
    },
    events: {
      subscribe: (listener) => {
        emit = listener;
        return () => (emit = () => undefined);
      },
    },
    instances: { list: () => rows },
    lookAt: async (name) => {
      looks.push(name);
      await lookAt();
    },
  });
});

describe('the alert about instances that cannot start', () => {
  it('is one for all of them, and names none', () => {
    rows = [blocked('secret-a'), blocked('secret-b')];
    alert.looked();
    expect(log).toEqual([
      '2 instances with on_demand cannot start, so requests for them fail. The list of instances and llamactl doctor say why.',
    ]);
  });

  it.each([
    ['runs', { ...blocked('a'), status: 'running' as const }],
    ['is failed, which has an alert of its own', { ...blocked('a'), status: 'failed' as const }],
    ['starts by command only', { ...blocked('a'), on_demand: false }],
    ['waits for a slot', blocked('a', 'CAPACITY_EXCEEDED')],
    ['can start', { ...blocked('a'), refused: null }],
  ])('leaves out an instance that %s', (_, row) => {
    rows = [row];
    alert.looked();
    expect(raised.has(STARTS_BLOCKED)).toBe(false);
  });

  it('is raised once after many refused starts, and cleared when the last instance can start', async () => {
    alert.looked();
    rows = Array.from({ length: 40 }, (_, at) => blocked(`m${at}`));
    for (const { name } of rows) emit(refused(name));
    expect(log).toEqual([]);
    await clock.advance(GATHERED_MS);
    expect(log).toEqual([expect.stringContaining('40 instances')]);
    rows = [];
    emit({ type: 'instance_deleted', data: { name: 'm0' } });
    await clock.advance(GATHERED_MS);
    expect(raised.size).toBe(0);
  });

  it('stays if an edit of a blocked instance does not help', async () => {
    rows = [blocked('a')];
    alert.looked();
    rows = [{ ...blocked('a'), refused: null }];
    lookAt = async () => void (rows = [blocked('a')]);
    emit({ type: 'instance_updated', data: { name: 'a' } });
    await clock.advance(GATHERED_MS);
    expect([looks, raised.has(STARTS_BLOCKED)]).toEqual([['a'], true]);
  });

  it('waits for the look at an instance that was edited meanwhile', async () => {
    rows = [blocked('a')];
    alert.looked();
    rows = [{ ...blocked('a'), refused: null }];
    emit({ type: 'instance_updated', data: { name: 'a' } });
    alert.looked();
    expect(raised.has(STARTS_BLOCKED)).toBe(true);
    const edited: DomainEvent = { type: 'instance_updated', data: { name: 'a' } };
    lookAt = async () => {
      if (looks.length === 1) emit(edited);
    };
    await clock.advance(GATHERED_MS);
    expect(raised.has(STARTS_BLOCKED)).toBe(true);
    await clock.advance(GATHERED_MS);
    expect([looks, raised.has(STARTS_BLOCKED)]).toEqual([['a', 'a'], false]);
  });

  it('counts an instance that was edited during the first look', async () => {
    lookAt = async () => void (rows = [blocked('a')]);
    emit({ type: 'instance_updated', data: { name: 'a' } });
    alert.looked();
    await clock.advance(GATHERED_MS);
    expect(raised.has(STARTS_BLOCKED)).toBe(true);
  });

  it('leaves out an instance whose port has an alert, until that is cleared', async () => {
    const clash = (state: 'raised' | 'cleared'): DomainEvent => ({
      type: 'system_alert',
      data: { level: 'error', code: 'port_clash', message: 'taken', state, instance: 'a' },
    });
    alert.looked();
    rows = [blocked('a', 'PORT_IN_USE')];
    emit(clash('raised'));
    emit(refused('a'));
    await clock.advance(GATHERED_MS);
    expect(log).toEqual([]);
    emit(clash('cleared'));
    await clock.advance(GATHERED_MS);
    expect(log).toEqual([expect.stringContaining('One instance')]);
  });

  it('of the previous server stays until the first look', async () => {
    raised.set(STARTS_BLOCKED, 'left');
    emit({ type: 'instance_deleted', data: { name: 'm0' } });
    await clock.advance(GATHERED_MS);
    expect(raised.has(STARTS_BLOCKED)).toBe(true);
    alert.looked();
    expect(raised.has(STARTS_BLOCKED)).toBe(false);
  });

  it('changes no more once it is closed', async () => {
    alert.looked();
    rows = [blocked('a')];
    emit(refused('a'));
    alert.close();
    await clock.advance(GATHERED_MS);
    expect(log).toEqual([]);
  });
});
