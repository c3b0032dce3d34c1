import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { DownloadBar, downloadLine, percentOf, type Progress } from './download-bar.ts';

const running: Progress = {
  state: 'running',
  done_bytes: 1_974_000_000,
  total_bytes: 4_700_000_000,
  bytes_per_second: 24_000_000,
  eta_seconds: 118,
};
const room = 79;

describe('the line of a download', () => {
  it('has a bar, percent, bytes, speed and the time that is left', () => {
    expect(downloadLine(running, { room, isStalled: false })).toBe(
      '[#############.................]  42 %  2.0 GB of 4.7 GB  24 MB/s  1m 58s left',
    );
  });

  it('has the speed 0 and no time when no bytes come', () => {
    expect(downloadLine(running, { room, isStalled: true })).toMatch(/GB {2}0 B\/s$/);
    expect(downloadLine({ ...running, bytes_per_second: 0 }, { room, isStalled: false })).toMatch(/GB {2}0 B\/s$/);
  });

  it.each([20, 40, 60, 79])('fits %d columns with long figures', (columns) => {
    const long = { ...running, done_bytes: 998e12, total_bytes: 999e12, bytes_per_second: 123e6, eta_seconds: 86_399 };
    expect(downloadLine(long, { room: columns, isStalled: false }).length).toBeLessThanOrEqual(columns);
  });

  it('says that a download waits, or that its bytes are checked', () => {
    expect(downloadLine({ ...running, state: 'queued' }, { room, isStalled: false })).toMatch(
      /waiting: two others run$/,
    );
    expect(downloadLine({ ...running, state: 'verifying' }, { room, isStalled: true })).toMatch(/checking$/);
  });

  it('calls only all bytes 100 %', () => {
    expect(percentOf({ done_bytes: 999, total_bytes: 1_000 })).toBe(99);
    expect(percentOf({ done_bytes: 0, total_bytes: 0 })).toBe(100);
  });
});

describe('the bar on a terminal', () => {
  it('drops the speed to 0 when three seconds pass without a byte, and says that the server is away', () => {
    const stderr = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 80 });
    const drawn = (): string => String(stderr.read()).replaceAll('\r\u{1B}[K', '|');
    let now = 0;
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr };
    const bar = new DownloadBar({ isQuiet: false, note: () => undefined, streams }, () => now);
    bar.show(running);
    now = 2_999;
    bar.draw();
    expect(drawn()).toMatch(/^\|\[.* left\|\[.*24 MB\/s {2}1m 58s left$/);
    now = 3_000;
    bar.draw();
    expect(drawn()).toMatch(/^\|\[.* 0 B\/s$/);
    bar.show({ ...running, done_bytes: running.done_bytes + 1 });
    expect(drawn()).toMatch(/24 MB\/s/);
    bar.setServerAway(true);
    expect(drawn()).toBe('|the server does not answer; waiting for it …');
    bar.end();
    bar.draw();
    expect(drawn()).toBe('|');
  });
});
