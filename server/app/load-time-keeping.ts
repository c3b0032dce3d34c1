import { readFileSync } from 'node:fs';
import path from 'node:path';
import { codeOf } from '@llamactl/contract/reason';
import type { LoadTimes } from '../instances/ports/load-times.ts';
import { atMost, type Clock } from '../instances/ports/time.ts';
import { LoadTimeList } from '../metrics/load-time-list.ts';
import { writeWhole } from '../whole-file.ts';
import type { Teardown } from './teardown.ts';

export interface LoadTimeKeepingParts {
  clock: Clock;
  dataDirectory: string;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

/** File in the data directory; at most some 150 KB. */
const FILE = 'load-times.json';
/** Loads within this time are written together. */
const DELAY_MS = 1_000;
/** How long the last writing may delay the end of a server, or a hand-over. */
const PATIENCE_MS = 200;

/** Keeps in a file how long engines took to load. */
export function keepLoadTimes({ clock, dataDirectory, onFault, teardown }: LoadTimeKeepingParts): LoadTimes {
  const file = path.join(dataDirectory, FILE);
  let cancel: (() => void) | null = null;
  let isFaulty = false;

  const write = async (): Promise<void> => {
    cancel?.();
    cancel = null;
    try {
      await writeWhole(file, list.text);
      isFaulty = false;
    } catch (error) {
      if (!isFaulty) onFault(error, `The times of loads could not be written to ${file}`);
      isFaulty = true;
    }
  };
  const list = new LoadTimeList(textIn(file, onFault), () => {
    cancel ??= clock.after(DELAY_MS, () => void write());
  });
  teardown.add(async () => {
    if (cancel !== null) await atMost(clock, PATIENCE_MS, write());
  });
  return list;
}

function textIn(file: string, onFault: LoadTimeKeepingParts['onFault']): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') onFault(error, `The times of loads in ${file} could not be read`);
    return null;
  }
}
