import type { LogLevel } from '@llamactl/client';

/** Levels of a log, from least to most serious. In the log of an instance, the keys 1 to 4 choose one. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];
