import { afterAll, expect, vi } from 'vitest';

/** A setup file of vitest: a test file that shares its process with others must leave the process as it was. */

const SIGNALS_AND_FAULTS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'uncaughtException',
  'unhandledRejection',
];

function state(): object {
  return {
    environment: { ...process.env },
    directory: process.cwd(),
    exitCode: process.exitCode,
    listeners: Object.fromEntries(SIGNALS_AND_FAULTS.map((event) => [event, process.listenerCount(event)])),
    hasFakeTimers: vi.isFakeTimers(),
  };
}

const before = state();
afterAll(() => {
  expect(state(), 'this file changed its process, which other test files share').toEqual(before);
});
