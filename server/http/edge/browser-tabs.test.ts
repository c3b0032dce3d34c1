import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { BrowserTabs } from './browser-tabs.ts';

let clock: FakeClock;
let tabs: BrowserTabs;

beforeEach(() => {
  clock = new FakeClock();
  tabs = new BrowserTabs(clock);
});

describe('the tabs of the web page', () => {
  it('count each on its own, and apart from other programs of the address', () => {
    const subjects = ['tab-number-1', 'tab-number-2', undefined].map((tab) => tabs.subjectOf(tab, '127.0.0.1'));
    expect(new Set(subjects).size).toBe(3);
    expect(subjects[2]).toBe('127.0.0.1');
    expect(tabs.subjectOf('tab-number-1', '127.0.0.1')).toBe(subjects[0]);
    expect(tabs.subjectOf('tab-number-1', '::1')).not.toBe(subjects[0]);
  });

  it.each(['', 'short', 'x'.repeat(65), 'not a name!', ['tab-number-1', 'tab-number-2']])(
    'have a name of the right form, unlike %j',
    (tab) => {
      expect(tabs.subjectOf(tab, '127.0.0.1')).toBe('127.0.0.1');
    },
  );

  it('are at most twenty for an address, until one was unused for a minute', async () => {
    const subjectOf = (n: number): string => tabs.subjectOf(`tab-number-${n}`, '127.0.0.1');
    for (let n = 0; n < 20; n += 1) expect(subjectOf(n)).not.toBe('127.0.0.1');
    expect(subjectOf(20)).toBe('127.0.0.1');
    await clock.advance(59_999);
    expect(subjectOf(0)).not.toBe('127.0.0.1');
    expect(subjectOf(20)).toBe('127.0.0.1');
    await clock.advance(1);
    for (let n = 20; n < 39; n += 1) expect(subjectOf(n)).not.toBe('127.0.0.1');
    expect(subjectOf(39), 'the first tab is still in use').toBe('127.0.0.1');
    expect(tabs.subjectOf('tab-number-39', '::1')).not.toBe('::1');
  });
});
