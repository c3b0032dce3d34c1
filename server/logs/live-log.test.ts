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

/** Waits as a follower that has found nothing new. */
async function wait(): Promise<void> {
  await live.more(live.version, end.signal);
}

describe('LiveLog.more', () => {
  it('resolves at once when output came since the last read', async () => {
    const { version } = live;
    live.attach(run());
    await live.more(version, end.signal);
  });

  it.each([
    ['a run begins', () => live.attach(run())],
    ['a run ends', () => live.detach(run())],
    ['its signal aborts', () => end.abort()],
    ['the log is forgotten', () => live.end()],
  ])('resolves when %s', async (_, happens) => {
    let isWoken = false;
    const waiting = wait().then(() => {
      isWoken = true;
    });
    await clock.flush();
    expect(isWoken).toBe(false);
    happens();
    await waiting;
  });

  it('resolves at once after the end', async () => {
    end.abort();
    await wait();
    live.end();
    await live.more(live.version, new AbortController().signal);
  });

  it('resolves when the file of the newest run grows', async () => {
    live.attach(run());
    // the first wait ends at once, because nothing was watched before
    await wait();
    const waiting = wait();
    appendFileSync(path.join(folder, 'log'), 'x');
    await waiting;
  });

  it('watches the file only while a follower exists', async () => {
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
