import os from 'node:os';
import { defineConfig } from 'vitest/config';
import { filesWithOwnProcess } from './scripts/own-process.ts';

const SHARING = '{contract,client,server,cli,format,web,bench,scripts}/**/*.test.ts';
const OWN_PROCESS = filesWithOwnProcess(import.meta.dirname, SHARING);

export default defineConfig({
  test: {
    reporters: ['default', './scripts/closing-line.ts'],
    // They only end what hangs; a busy machine takes many times as long as a quiet one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    setupFiles: ['./scripts/patient-waits.ts'],
    // As patient as `vi.waitFor`.
    expect: { poll: { timeout: 30_000 } },
    // Tests of e2e mostly wait for other processes: with one worker a core, cores are idle.
    maxWorkers: Math.ceil(os.availableParallelism() * 1.5),
    projects: [
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          globalSetup: './e2e/build-program.ts',
          setupFiles: ['./scripts/unchanged-process.ts'],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'own process', include: OWN_PROCESS } },
      {
        extends: true,
        test: {
          name: 'shared process',
          include: [SHARING],
          exclude: ['**/node_modules/**', ...OWN_PROCESS],
          setupFiles: ['./scripts/unchanged-process.ts'],
          // A third of the processor time went into new processes that load the same modules again.
          isolate: false,
        },
      },
    ],
  },
});
