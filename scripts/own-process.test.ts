import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { filesWithOwnProcess } from './own-process.ts';

it('finds the test files that change or measure their process', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-tests-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const sources = {
    plain: "it('adds', () => expect(1 + 1).toBe(2));",
    reads: "const home = process.env['HOME'];",
    mocks: "vi.mock('./other.ts');",
    fakes: 'vi.useFakeTimers();',
    listens: "process.on('warning', note);",
    counts: "readdirSync('/proc/self/fd')",
  };
  for (const [name, source] of Object.entries(sources)) writeFileSync(path.join(folder, `${name}.test.ts`), source);
  writeFileSync(path.join(folder, 'no-test.ts'), sources.mocks);
  const names = ['counts', 'fakes', 'listens', 'mocks'];
  expect(filesWithOwnProcess(folder, '**/*.test.ts')).toEqual(names.map((name) => `${name}.test.ts`));
});
