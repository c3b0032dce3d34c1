import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReplayStore } from '../../instances/ports/event-replay.ts';
import type { KeptEvent } from '../../instances/ports/event-sink.ts';
import type { InstanceStore } from '../../instances/ports/instance-store.ts';
import { statusChange } from './events.contract.ts';
import { storedInstance } from './store.contract.ts';

/** A store with its replay, opened by one process. */
export interface OpenReplay {
  store: InstanceStore;
  replay: ReplayStore;
}

/** A store with its replay under test, with operations that the ports do not have. */
export interface ReplaySubject extends OpenReplay {
  /** Opens the same data again, as the next process does. */
  reopen(): Promise<OpenReplay>;
  dispose(): Promise<void>;
}

/** A realistic event number: microseconds since the epoch. */
const FIRST_SEQ = 1_767_225_600_000_000;

/** The event with a number, counted from {@link FIRST_SEQ}. */
export function keptEvent(count: number, name = 'llama'): KeptEvent {
  return { seq: FIRST_SEQ + count, timestamp: '2026-01-01T00:00:00.000Z', event: statusChange(name) };
}

const counts = (events: readonly KeptEvent[]): number[] => events.map(({ seq }) => seq - FIRST_SEQ);
const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** The contract tests of {@link ReplayStore}, and of {@link InstanceStore} with the events of a change. */
export function replayContract(title: string, make: () => Promise<ReplaySubject>): void {
  describe(title, () => {
    let subject: ReplaySubject;
    let store: InstanceStore;
    let replay: ReplayStore;

    beforeEach(async () => {
      subject = await make();
      ({ store, replay } = subject);
    });
    afterEach(async () => {
      await subject.dispose();
    });

    const stored = async (opened: OpenReplay): Promise<unknown> => ({
      versions: Object.fromEntries((await opened.store.load()).map(({ record }) => [record.id, record.version])),
      events: counts(await opened.replay.load()),
    });

    it('is empty at first', async () => {
      expect(await replay.load()).toEqual([]);
    });

    it('returns appended events, the oldest first, also after a reopen', async () => {
      const alert: KeptEvent = {
        ...keptEvent(3),
        event: {
          type: 'system_alert',
          data: { level: 'error', code: 'stray_process', message: 'ünï "quoted" \n', state: 'raised', instance: 'a' },
        },
      };
      await replay.append([keptEvent(1), keptEvent(2)]);
      await replay.append([]);
      await replay.append([alert]);
      expect(await replay.load()).toEqual([keptEvent(1), keptEvent(2), alert]);
      expect(await (await subject.reopen()).replay.load()).toEqual([keptEvent(1), keptEvent(2), alert]);
    });

    it('reads pages of kept events, newest first', async () => {
      await replay.append(range(1, 1_300).map((count) => keptEvent(count)));
      const page = { before: Number.MAX_SAFE_INTEGER, containing: null, limit: 2 };
      expect(counts(await replay.read(page))).toEqual([1_300, 1_299]);
      expect(counts(await replay.read({ ...page, before: keptEvent(3).seq, limit: 9 }))).toEqual([2, 1]);
      expect(await replay.read({ ...page, before: keptEvent(1).seq })).toEqual([]);
      expect(await replay.oldest()).toBe(keptEvent(1).seq);
    });

    it('reads events that contain a text', async () => {
      expect(await replay.oldest()).toBe(null);
      const created: KeptEvent = { ...keptEvent(2), event: { type: 'instance_created', data: { name: 'a' } } };
      await replay.append([keptEvent(1), created, keptEvent(3)]);
      const page = { before: Number.MAX_SAFE_INTEGER, containing: '"instance_created"', limit: 9 };
      expect(await replay.read(page)).toEqual([created]);
    });

    it('loads the newest 1 000', async () => {
      for (let first = 1; first <= 2_450; first += 7)
        await replay.append(range(first, first + 6).map((n) => keptEvent(n)));
      expect(counts(await replay.load())).toEqual(range(1_451, 2_450));
      expect(counts(await (await subject.reopen()).replay.load())).toEqual(range(1_451, 2_450));
    });

    it('loads the newest 1 000 also when more are appended at once', async () => {
      await replay.append(range(1, 1_300).map((count) => keptEvent(count)));
      expect(counts(await replay.load())).toEqual(range(301, 1_300));
    });

    it('stores the events of a change with the change', async () => {
      await store.save(storedInstance('a'), [keptEvent(1), keptEvent(2)]);
      await store.save(storedInstance('b'), [keptEvent(3)]);
      await store.save(storedInstance('b', 2));
      await store.save(storedInstance('b', 3), []);
      await store.remove('a', [keptEvent(4, 'a')]);
      await store.remove('never-there', [keptEvent(5)]);
      const expected = { versions: { b: 3 }, events: [1, 2, 3, 4, 5] };
      expect(await stored(subject)).toEqual(expected);
      expect(await stored(await subject.reopen())).toEqual(expected);
    });

    it('stores no events of a refused change, but those of the others of the turn', async () => {
      await store.save(storedInstance('a', 1, 'Llama'), [keptEvent(1)]);
      const results = await Promise.allSettled([
        store.save(storedInstance('b'), [keptEvent(2)]),
        store.save(storedInstance('c', 1, 'lLAMA'), [keptEvent(3)]),
        store.save(storedInstance('d'), [keptEvent(4)]),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await stored(subject)).toEqual({ versions: { a: 1, b: 1, d: 1 }, events: [1, 2, 4] });
    });

    it('refuses a change with a used number as a whole, and stores the others of the turn', async () => {
      await store.save(storedInstance('a'), [keptEvent(2)]);
      const results = await Promise.allSettled([
        store.save(storedInstance('b'), [keptEvent(3)]),
        store.save(storedInstance('a', 2), [keptEvent(4), keptEvent(2)]),
        store.remove('b', [keptEvent(3)]),
        replay.append([keptEvent(5), keptEvent(2)]),
        replay.append([keptEvent(6)]),
      ]);
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'rejected',
        'fulfilled',
      ]);
      expect(await stored(subject)).toEqual({ versions: { a: 1, b: 1 }, events: [2, 3, 6] });
      await expect(replay.append([keptEvent(6)])).rejects.toThrow(
        'An event has this number already; nothing was stored.',
      );
    });

    it('returns each number once, at least the requested one, even if a process stored nothing', async () => {
      const first = replay.takeNumbers(FIRST_SEQ);
      expect(first.first).toBe(FIRST_SEQ);
      expect(first.end).toBeGreaterThan(first.first + 1);
      const second = replay.takeNumbers(first.end);
      expect(second.first).toBe(first.end);
      const next = (await subject.reopen()).replay;
      expect(next.takeNumbers(1).first).toBe(second.end);
      expect(next.takeNumbers(FIRST_SEQ * 2).first).toBe(FIRST_SEQ * 2);
    });

    it('stores the objects at the time of the call, not later changes of them', async () => {
      const event = keptEvent(1);
      const events = [event];
      const appended = replay.append(events);
      event.timestamp = 'late';
      events.push(keptEvent(2));
      await appended;
      expect(await replay.load()).toEqual([keptEvent(1)]);
    });
  });
}
