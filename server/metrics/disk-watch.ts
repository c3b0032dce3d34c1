import type { Alert } from '@llamactl/contract/system';
import type { AlertSink } from '../instances/ports/alert-sink.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { DiskSpace } from './disk-space.ts';
import type { OnFault } from './metrics-ports.ts';

/** Checks the filesystem of the data directory, and raises or clears the alert {@link DISK_SPACE_LOW}. */
export interface DiskWatch {
  close(): void;
}

export interface DiskWatchDependencies {
  clock: Pick<Clock, 'after'>;
  alerts: AlertSink;
  /** Space of the data directory's filesystem. */
  diskSpace: () => Promise<DiskSpace>;
  onFault: OnFault;
}

/** Code of the alert. */
export const DISK_SPACE_LOW = 'disk_space_low';

const LOOK_EVERY_MS = 10_000;
const MEBIBYTE = 1_048_576;
const GIBIBYTE = 1_024 * MEBIBYTE;
/** Leaving a level takes 25 % more space than entering it: otherwise a rotating log would raise and clear the alert all day. */
const RECOVERY_FACTOR = 1.25;

const MESSAGES: Record<Alert['level'], string> = {
  warning:
    'The filesystem of data_dir is nearly full. When it is, engines go on running, but their logs lose lines and changes cannot be stored; free space on it.',
  error:
    'The filesystem of data_dir is full, or will be at any moment. Engines go on running, but their logs lose lines and changes cannot be stored; free space on it.',
};

/** The level of the alert; `null`: enough space. @param before Result of the previous check. */
export function judgeDiskSpace(space: DiskSpace, before: Alert['level'] | null): Alert['level'] | null {
  const found = levelOf(space, 1);
  const left = levelOf(space, RECOVERY_FACTOR);
  if (found === 'error' || (before === 'error' && left === 'error')) return 'error';
  return found ?? (before === null ? null : left && 'warning');
}

/** Checks at once, then every ten seconds. */
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
      if (!isFaulty) onFault(error, 'The filesystem of data_dir cannot be read; trying again');
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

/**
 * The level for the available space. A level needs too few percent and too few bytes, because one percent of a large
 * disk is still much space. Below 16 MiB the level is always `error`.
 */
function levelOf({ used, available }: DiskSpace, factor: number): Alert['level'] | null {
  const isBelow = (part: number, bytes: number): boolean =>
    available < (used + available) * part * factor && available < bytes * factor;
  if (available < 16 * MEBIBYTE * factor || isBelow(0.01, GIBIBYTE)) return 'error';
  return isBelow(0.05, GIBIBYTE) ? 'warning' : null;
}
