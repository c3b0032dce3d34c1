import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { afterEach, expect, it } from 'vitest';
import { Belongings } from './belongings.ts';
import { startOtherWork } from './other-work.ts';
import { until } from './patience.ts';
import { usageOf } from './usage.ts';

const belongings = new Belongings();
afterEach(() => belongings.close());

it('keeps a process busy for each core, until the belongings end', async ({ signal }) => {
  await startOtherWork({ belongings });
  const workers = otherWork();
  expect(workers).toHaveLength(os.availableParallelism());
  // well past its start
  const areBusy = (): true | null => (workers.every((pid) => usageOf(pid).cpuMs >= 300) ? true : null);
  await until('work of all', areBusy, { signal, everyMs: 20 });
  await belongings.close();
  expect(otherWork()).toEqual([]);
});

/** The processes of this one that run the program. */
function otherWork(): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      const [, parent] = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('other-work.ts');
    } catch {
      return false; // it ended meanwhile
    }
  });
}
