import type { LogLevel } from '@llamactl/client';
import { useState } from 'react';
import { keep, kept, oneOf } from '../../lib/browser-storage.ts';
import { WIDE } from '../../lib/media.ts';
import { LOG_LEVELS } from '../../lib/log-levels.ts';

/** How this browser shows logs. */
export interface LogSettings {
  level: LogLevel;
  isWrapped: boolean;
}

/** Returns the settings, and a function that changes and keeps them. */
export function useLogSettings(): [LogSettings, (change: Partial<LogSettings>) => void] {
  const [settings, setSettings] = useState<LogSettings>(() => ({
    level: kept('log.level', oneOf(...LOG_LEVELS)) ?? 'debug',
    // A phone would show only the begin of most lines.
    isWrapped:
      kept('log.wrap', (value) => (typeof value === 'boolean' ? value : undefined)) ?? !matchMedia(WIDE).matches,
  }));
  const change = (changed: Partial<LogSettings>): void => {
    const next = { ...settings, ...changed };
    keep('log.level', next.level);
    keep('log.wrap', next.isWrapped);
    setSettings(next);
  };
  return [settings, change];
}
