import { fork } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import type { Bench } from './scenario.ts';

const PROGRAM = path.join(import.meta.dirname, '..', 'programs', 'other-work.ts');

/** Keeps as many processes busy as there are cores, until the bench's belongings end. */
export async function startOtherWork({ belongings }: Pick<Bench, 'belongings'>): Promise<void> {
  for (let count = 0; count < os.availableParallelism(); count += 1) {
    const child = fork(PROGRAM, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    belongings.add(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    });
    await once(child, 'spawn');
  }
}
