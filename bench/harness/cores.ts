import os from 'node:os';

/** The core of what is measured, and the core of all else. */
export const MEASURED_CORE = 0;
export const OTHER_CORE = 1;

/** What to run a program with so that it stays on one core: of programs that share cores the CPU time says little. */
export function pinnedTo(core: number): string[] {
  return os.availableParallelism() > core ? ['taskset', '--cpu-list', String(core)] : [];
}

/** A command that stays on one core. */
export function pinned(core: number, [program, ...argv]: readonly [string, ...string[]]): [string, ...string[]] {
  const [command, ...flags] = [...pinnedTo(core), program, ...argv];
  return [command ?? program, ...flags];
}
