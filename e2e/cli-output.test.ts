import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';

const MAIN = path.join(import.meta.dirname, '..', 'cli', 'main.ts');

it.runIf(process.platform === 'linux')(
  'a result that cannot be written is reported in a sentence, and is a failure',
  async () => {
    const words = [
      '-c',
      'exec "$0" --disable-warning=ExperimentalWarning "$1" version > /dev/full',
      process.execPath,
      MAIN,
    ];
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile('sh', words, (error, _stdout, errors) => resolve({ code: error?.code, stderr: errors }));
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^llamactl: cannot write the output: ENOSPC.*\n$/);
  },
);
