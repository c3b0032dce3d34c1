import { afterAll, expect, vi } from 'vitest';

/** A setup file of vitest: a test file that shares its process with others must leave the process as it was. */

const LISTENED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'uncaughtException', 'unhandledRejection'];

/** Everything that a test file could change, by name. */
function state(): Map<string, unknown> {
  return new Map<string, unknown>([
    ...Object.entries(process.env).map(([name, value]) => [`variable ${name}`, value] as const),
    ...LISTENED.map((event) => [`listeners of ${event}`, process.listenerCount(event)] as const),
    ['working directory', process.cwd()],
    ['exit code', process.exitCode],
    ['fake timers', vi.isFakeTimers()],
  ]);
}

const before = state();
afterAll(() => {
  const after = state();
  // Names alone: values of variables may be secret.
  const names = new Set([...before.keys(), ...after.keys()]);
  const changed = [...names].filter((name) => before.get(name) !== after.get(name));
  expect(changed, 'this file changed its process, which other test files share').toEqual([]);
});
