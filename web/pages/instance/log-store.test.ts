import type { LogEntry } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { logLayout } from './log-layout.ts';
import { LogSearch, nextError, nextOf } from './log-search.ts';
import { LogStore, MOST_LINES } from './log-store.ts';

const timeOf = (seq: number): string => new Date(Date.UTC(2026, 10, 30, 12) + seq * 1_000).toISOString();

function line(seq: number, message = `line ${seq}`, level: LogEntry['level'] = 'info'): LogEntry {
  return { seq, message, level, timestamp: timeOf(seq) };
}

function lines(from: number, count: number): LogEntry[] {
  return Array.from({ length: count }, (_, at) => line(from + at));
}

/** The rows as words: seqs of lines, and the kinds of others. */
function shapeOf(store: LogStore): (number | string)[] {
  return store.rows.map((row) => (row.kind === 'line' ? row.key : row.kind === 'gap' ? 'gap' : row.status));
}

describe('the lines of a log', () => {
  it('are in the order of their positions, each only once', () => {
    const store = new LogStore();
    store.append(lines(10, 3));
    store.append(lines(11, 3));
    store.prepend(lines(8, 3));
    expect(shapeOf(store)).toEqual([8, 9, 10, 11, 12, 13]);
    expect(store.firstSeq).toBe(8);
    expect(store.lastSeq).toBe(13);
    expect(store.written).toBe(4);
  });

  it('know whether they have a time of their own', () => {
    const store = new LogStore();
    store.append([line(1), { ...line(2), untimed: true }]);
    expect(store.rows).toMatchObject([{ isUntimed: false }, { isUntimed: true }]);
  });

  it('keep their numbers when older ones come', () => {
    const store = new LogStore();
    store.append(lines(10, 2));
    const number = store.first + store.indexOf(11);
    store.prepend(lines(1, 5));
    expect(store.rows[number - store.first]).toMatchObject({ key: 11 });
  });

  it('are at most fifty thousand: the oldest go, and the others keep their numbers', () => {
    const store = new LogStore();
    const all = lines(1, MOST_LINES);
    store.append(all);
    expect(store.isFull).toBe(true);
    const number = store.first + store.indexOf(MOST_LINES);
    store.append(lines(MOST_LINES + 1, 1_500));
    expect(store.rows).toHaveLength(MOST_LINES);
    expect(store.firstSeq).toBe(1_501);
    expect(store.rows[number - store.first]).toMatchObject({ key: MOST_LINES });
  });

  it('have no gap before the first line: a level without lines is empty', () => {
    const store = new LogStore();
    store.gap(50, timeOf(2));
    expect([store.rows, store.hasLines, store.lastSeq]).toEqual([[], false, 50]);
  });

  it('have a gap where lines are missing, once', () => {
    const store = new LogStore();
    store.append(lines(1, 2));
    store.gap(50, timeOf(2));
    store.gap(50, timeOf(2));
    store.append(lines(51, 1));
    expect(shapeOf(store)).toEqual([1, 2, 'gap', 51]);
  });
});

describe('changes of the status', () => {
  const mark = (seq: number, status: 'starting' | 'stopped') => ({ at: timeOf(seq), status, reason: null });

  it('stand between the lines of their time, once', () => {
    const store = new LogStore();
    store.append([line(1), line(2), line(8), line(9)]);
    store.mark(mark(5, 'stopped'));
    store.mark(mark(5, 'stopped'));
    store.mark(mark(20, 'starting'));
    expect(shapeOf(store)).toEqual([1, 2, 'stopped', 8, 9, 'starting']);
  });

  it('before the loaded lines appear with the older lines', () => {
    const store = new LogStore();
    store.mark(mark(5, 'starting'));
    store.append(lines(10, 2));
    expect(shapeOf(store)).toEqual([10, 11]);
    store.prepend([line(3), line(7)]);
    expect(shapeOf(store)).toEqual([3, 'starting', 7, 10, 11]);
  });

  it('before the first line of all: only the last one is shown', () => {
    const store = new LogStore();
    store.append(lines(10, 1));
    store.mark(mark(5, 'stopped'));
    store.mark(mark(6, 'starting'));
    store.complete();
    expect(shapeOf(store)).toEqual(['starting', 10]);
  });

  it('that come after all lines: the last one before the first line is shown too', () => {
    const store = new LogStore();
    store.append(lines(10, 2));
    store.complete();
    const number = store.first + store.indexOf(11);
    for (const each of [mark(3, 'starting'), mark(5, 'stopped'), mark(6, 'starting')]) store.mark(each);
    expect(shapeOf(store)).toEqual(['starting', 10, 11]);
    expect(store.rows[0]).toMatchObject({ at: timeOf(6) });
    expect(store.rows[number - store.first]).toMatchObject({ key: 11 });
  });
});

describe('a search', () => {
  it('finds lines in any case, also those that come later or before', () => {
    const store = new LogStore();
    store.append([line(10, 'Out of MEMORY'), line(11, 'fine')]);
    const search = new LogSearch(store, 'memory');
    const seqs = (): unknown[] => search.update().map((number) => store.rows[number - store.first]?.key);
    expect(seqs()).toEqual([10]);
    store.append([line(12, 'memory again')]);
    store.prepend([line(5, 'more memory')]);
    expect(seqs()).toEqual([5, 10, 12]);
    store.mark({ at: timeOf(11), status: 'failed', reason: null });
    expect(seqs()).toEqual([5, 10, 12]);
  });

  it('takes the text as it is, not as an expression', () => {
    const store = new LogStore();
    store.append([line(1, 'a.b'), line(2, 'axb')]);
    expect(new LogSearch(store, 'a.b').update()).toEqual([0]);
  });

  it('forgets lines that are dropped', () => {
    const store = new LogStore();
    store.append(lines(1, MOST_LINES));
    const search = new LogSearch(store, 'line 1');
    const before = search.update().length;
    store.append(lines(MOST_LINES + 1, 2_000));
    const found = search.update();
    expect(found.length).toBeLessThan(before);
    expect(found.every((number) => number >= store.first)).toBe(true);
  });

  it('goes to the next and the previous match, round again at the ends', () => {
    expect([nextOf([3, 7], 3, 1), nextOf([3, 7], 7, 1), nextOf([3, 7], 3, -1), nextOf([], 1, 1)]).toEqual([
      7,
      3,
      7,
      null,
    ]);
  });
});

it('the next error is the next line of that level, round again at the end', () => {
  const store = new LogStore();
  store.append([line(1, 'x', 'error'), line(2), line(3, 'y', 'error')]);
  expect([nextError(store, -1), nextError(store, 0), nextError(store, 2)]).toEqual([0, 2, 0]);
});

it('fifty thousand lines are stored, placed and searched within 100 ms', () => {
  const all = lines(1, MOST_LINES);
  const rounds = Array.from({ length: 5 }, () => {
    const begun = performance.now();
    const store = new LogStore();
    store.append(all);
    logLayout(store.rows, 80);
    new LogSearch(store, 'line 4').update();
    return performance.now() - begun;
  });
  expect(Math.min(...rounds)).toBeLessThanOrEqual(100);
});
