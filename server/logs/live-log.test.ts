import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { LiveLog } from './live-log.ts';

let folder: string;
let clock: FakeClock;
let live: LiveLog;
let end: AbortController;
const run = () => ({ tag: 'test', folder });

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'llamactl-live-'));
  writeFileSync(path.join(folder, 'log'), '');
  clock = new FakeClock();
  live = new LiveLog(clock);
  end = new AbortController();
});
afterEach(() => {
  live.end();
  rmSync(folder, { recursive: true });
});

/** Waits as a follower does that has looked and found nothing. */
async function wait(): Promise<void> {
  await live.more(live.version, end.signal);
}

describe('who waits for more of a log', () => {
  it('waits for nothing when something has come since it looked', async () => {
    const { version } = live;
    live.attach(run());
    await live.more(version, end.signal);
  });

  it.each([
    ['a run begins', () => live.attach(run())],
    ['a run ends', () => live.detach(run())],
    ['it is told to stop', () => end.abort()],
    ['the log is forgotten', () => live.end()],
  ])('is woken when %s', async (_, happens) => {
    let isWoken = false;
    const waiting = wait().then(() => {
      isWoken = true;
    });
    await clock.flush();
    expect(isWoken).toBe(false);
    happens();
    await waiting;
  });

  it('is not kept waiting when it comes too late', async () => {
    end.abort();
    await wait();
    live.end();
    await live.more(live.version, new AbortController().signal);
  });

  it('is woken when the file of the newest run grows', async () => {
    live.attach(run());
    // the first time it is told to look again: nothing had been watched
    await wait();
    const waiting = wait();
    appendFileSync(path.join(folder, 'log'), 'x');
    await waiting;
  });

  it('has the file watched only as long as somebody follows', async () => {
    live.attach(run());
    const stop = live.follow();
    const stopOther = live.follow();
    await wait();
    const waiting = wait();
    appendFileSync(path.join(folder, 'log'), 'x');
    await waiting;
    expect(clock.pending).toEqual([20]);
    stop();
    expect(clock.pending).toEqual([20]);
    stopOther();
    expect(clock.pending).toEqual([]);
  });
});
