import type { FinishedRequest } from '@llamactl/contract/requests';
import { describe, expect, it } from 'vitest';
import { finishedRequest } from '../testing/finished-request.ts';
import {
  ANY_REQUEST,
  type FinishedChange,
  type FinishedFilter,
  FinishedRequests,
  isCaller,
} from './finished-requests.ts';

const all = (): boolean => true;

function filled(...requests: Partial<FinishedRequest>[]): FinishedRequests {
  const finished = new FinishedRequests(10);
  for (const [index, request] of requests.entries())
    finished.add(finishedRequest({ id: `r${index + 1}`, seq: index + 1, ...request }));
  return finished;
}

const idsOf = (finished: FinishedRequests, filter: Partial<FinishedFilter> = {}): string[] =>
  finished.list(10, { ...ANY_REQUEST, ...filter }, all).finished.map(({ id }) => id);

describe('a list of finished requests', () => {
  const finished = filled(
    { instance: 'chat', outcome: 'ok', duration: 1 },
    { instance: 'embed', outcome: 'refused', duration: 3 },
    { instance: 'chat', outcome: 'refused', duration: 2 },
  );

  it.each<[Partial<FinishedFilter>, string[]]>([
    [{}, ['r3', 'r2', 'r1']],
    [{ instance: 'CHAT' }, ['r3', 'r1']],
    [{ outcome: 'refused' }, ['r3', 'r2']],
    [{ slowerThan: 2 }, ['r2']],
    [{ beforeSeq: 3 }, ['r2', 'r1']],
    [{ instance: 'chat', outcome: 'refused', slowerThan: 1.5 }, ['r3']],
  ])('has those that match %j, newest first', (filter, ids) => {
    expect(idsOf(finished, filter)).toEqual(ids);
  });

  it('says whether older ones match', () => {
    const page = finished.list(2, ANY_REQUEST, all);
    expect([page.finished.map(({ id }) => id), page.more]).toEqual([['r3', 'r2'], true]);
    const next = finished.list(2, { ...ANY_REQUEST, beforeSeq: 2 }, all);
    expect([next.finished.map(({ id }) => id), next.more]).toEqual([['r1'], false]);
  });

  it('counts only those that the caller may see', () => {
    const page = finished.list(1, ANY_REQUEST, ({ id }) => id === 'r1');
    expect([page.finished.map(({ id }) => id), page.more]).toEqual([['r1'], false]);
  });
});

describe('the records', () => {
  it('are bounded; a new one replaces the oldest', () => {
    const finished = new FinishedRequests(2);
    const replaced = ['a', 'b', 'c'].map((id, seq) => finished.add(finishedRequest({ id, seq })));
    expect(replaced).toEqual([null, null, 'a']);
    expect(idsOf(finished)).toEqual(['c', 'b']);
  });

  it('of earlier servers come before all others, none twice', () => {
    const finished = filled({ seq: 10 });
    finished.addEarlier([finishedRequest({ id: 'old', seq: 4 }), finishedRequest({ id: 'r1', seq: 10 })]);
    expect(idsOf(finished)).toEqual(['r1', 'old']);
  });

  it('follow the instance: renamed with it, forgotten with it', () => {
    const changes: FinishedChange['kind'][] = [];
    const finished = new FinishedRequests(10, ({ kind }) => changes.push(kind));
    finished.add(finishedRequest({ id: 'a', instance: 'i' }));
    finished.add(finishedRequest({ id: 'b', instance: 'j' }));
    finished.rename('i', 'new');
    expect(finished.all.map(({ instance }) => instance)).toEqual(['new', 'j']);
    expect(finished.forget('new')).toEqual(['a']);
    expect(finished.forget('unknown')).toEqual([]);
    expect(changes).toEqual(['added', 'added', 'rewritten', 'rewritten']);
  });
});

describe('a caller', () => {
  it.each([
    ['user:ada', 'user:ada', true],
    ['key:k1 (editor)', 'key:k1', true],
    ['key:k1 (editor)', 'key:k1 (editor)', true],
    ['key:k12 (editor)', 'key:k1', false],
    [null, 'user:ada', false],
  ])('%s is %s: %s', (caller, wanted, expected) => {
    expect(isCaller(caller, wanted)).toBe(expected);
  });
});
