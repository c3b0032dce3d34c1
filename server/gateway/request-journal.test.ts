import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FinishedRequest } from '@llamactl/contract/requests';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { finishedRequest } from '../testing/finished-request.ts';
import { SlicedWork } from '../sliced-work.ts';
import { RequestJournal } from './request-journal.ts';

const MOST = 4;

let folder: string;
let file: string;
let clock: FakeClock;
let kept: FinishedRequest[];
let faults: unknown[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-requests-'));
  file = path.join(folder, 'requests.jsonl');
  clock = new FakeClock();
  kept = [];
  faults = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): RequestJournal =>
  new RequestJournal(MOST, {
    file,
    clock,
    work: new SlicedWork(clock),
    all: () => kept,
    onFault: (error) => faults.push(error),
  });

function add(journal: RequestJournal, ...seqs: number[]): void {
  for (const seq of seqs) {
    const request = finishedRequest({ id: `r${seq}`, seq });
    kept = [...kept, request].slice(-MOST);
    journal.note({ kind: 'added', request });
  }
}

const stored = async (): Promise<number[]> => (await open().read()).map(({ seq }) => seq);
const lines = (): number => readFileSync(file, 'utf8').trimEnd().split('\n').length;

describe('the journal of requests', () => {
  it('gives the records of an earlier server to the next one', async () => {
    const journal = open();
    expect(await journal.read()).toEqual([]);
    add(journal, 1, 2);
    await journal.close();
    expect(await open().read()).toEqual(kept);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(faults).toEqual([]);
  });

  it('writes after a second, so that a crash loses little', async () => {
    const journal = open();
    add(journal, 1);
    await clock.advance(1_000);
    await expect.poll(stored).toEqual([1]);
    await journal.close();
  });

  it('is bounded', async () => {
    const journal = open();
    for (let seq = 1; seq <= 10 * MOST; seq += 1) {
      add(journal, seq);
      await clock.advance(1_000);
    }
    await journal.close();
    expect(lines()).toBeLessThanOrEqual(2 * MOST);
    expect(await stored()).toEqual([37, 38, 39, 40]);
  });

  it('drops the records of a deleted instance', async () => {
    const journal = open();
    add(journal, 1, 2);
    await clock.advance(1_000);
    kept = kept.slice(1);
    journal.note({ kind: 'rewritten' });
    await journal.close();
    expect(await stored()).toEqual([2]);
  });

  it('skips lines that are cut off or of another version', async () => {
    const journal = open();
    add(journal, 1);
    await journal.close();
    appendFileSync(file, '{"id":"x"}\n{"id":"r2","se');
    expect(await stored()).toEqual([1]);
  });

  it('loses no further record after a line that is cut off', async () => {
    const killed = open();
    add(killed, 1);
    await killed.close();
    appendFileSync(file, '{"id":"r2","se');
    const journal = open();
    kept = await journal.read();
    add(journal, 3);
    await journal.close();
    expect(await stored()).toEqual([1, 3]);
  });

  it('reports a full disk once, and catches up when there is room', async () => {
    const journal = open();
    rmSync(folder, { recursive: true });
    add(journal, 1);
    await clock.advance(1_000);
    await expect.poll(() => faults.length).toBe(1);
    add(journal, 2);
    await clock.advance(1_000);
    mkdirSync(folder);
    add(journal, 3);
    await journal.close();
    expect(await stored()).toEqual([1, 2, 3]);
    expect(faults).toHaveLength(1);
  });

  it('writes nothing after it was closed: the next server has the file', async () => {
    const journal = open();
    add(journal, 1);
    await journal.close();
    add(journal, 2);
    await clock.advance(1_000);
    expect(await stored()).toEqual([1]);
  });
});
