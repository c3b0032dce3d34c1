import type { Alert } from '@llamactl/contract/system';
import type { AlertSink, Clock } from '../instances/ports.ts';
import type { DiskSpace } from './disk-space.ts';
import type { OnFault } from './ports.ts';

/** Looks at the filesystem of the data directory, and raises or clears the alert {@link DISK_SPACE_LOW}. */
export interface DiskWatch {
  close(): void;
}

export interface DiskWatchDependencies {
  clock: Pick<Clock, 'after'>;
  alerts: AlertSink;
  /** Of the data directory's filesystem. */
  diskSpace: () => Promise<DiskSpace>;
  onFault: OnFault;
}

/** Code of the alert. */
export const DISK_SPACE_LOW = 'disk_space_low';

const LOOK_EVERY_MS = 10_000;
const MEBIBYTE = 1_048_576;
const GIBIBYTE = 1_024 * MEBIBYTE;
/** To leave a level it takes a quarter more than what led into it: else a log that rotates would raise and clear it all day. */
const WAY_BACK = 1.25;

const MESSAGES: Record<Alert['level'], string> = {
  warning:
    'The filesystem of data_dir is nearly full. When it is, engines go on running, but their logs lose lines and changes cannot be stored; free space on it.',
  error:
    'The filesystem of data_dir is full, or will be at any moment. Engines go on running, but their logs lose lines and changes cannot be stored; free space on it.',
};

/** How bad it is; `null`: it is well. @param before What was found at the last look. */
export function judgeDiskSpace(space: DiskSpace, before: Alert['level'] | null): Alert['level'] | null {
  const found = levelOf(space, 1);
  const left = levelOf(space, WAY_BACK);
  if (found === 'error' || (before === 'error' && left === 'error')) return 'error';
  return found ?? (before === null ? null : left && 'warning');
}

/** The first look is made at once. */
export function watchDisk({ clock, alerts, diskSpace, onFault }: DiskWatchDependencies): DiskWatch {
  let level: Alert['level'] | null = null;
  let isFaulty = false;
  let isClosed = false;
  let cancel = (): void => undefined;

  const look = async (): Promise<void> => {
    try {
      const space = await diskSpace();
      if (isClosed) return;
      level = judgeDiskSpace(space, level);
      if (level === null) alerts.clear(DISK_SPACE_LOW);
      else alerts.raise({ level, code: DISK_SPACE_LOW, message: MESSAGES[level] });
      isFaulty = false;
    } catch (error) {
      if (!isFaulty) onFault(error, 'The filesystem of data_dir cannot be looked at; trying again');
      isFaulty = true;
    }
    if (!isClosed) cancel = clock.after(LOOK_EVERY_MS, () => void look());
  };
  void look();

  return {
    close: () => {
      isClosed = true;
      cancel();
    },
  };
}

/** One percent of a large disk is much: only where little is left in bytes, too, is it little. */
function levelOf({ used, available }: DiskSpace, factor: number): Alert['level'] | null {
  const isBelow = (part: number, bytes: number): boolean =>
    available < (used + available) * part * factor && available < bytes * factor;
  if (available < 16 * MEBIBYTE * factor || isBelow(0.01, GIBIBYTE)) return 'error';
  return isBelow(0.05, GIBIBYTE) ? 'warning' : null;
}
