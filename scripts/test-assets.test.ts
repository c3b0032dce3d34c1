import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { demoModelBytes } from '@llamactl/cli/quickstart/demo-model';
import { afterEach, expect, test, vi } from 'vitest';
import { testEngine, testModel } from './test-assets.ts';

afterEach(() => vi.unstubAllEnvs());

test('the engine for tests is a working llama-server', () => {
  const printed = execFileSync(testEngine(), ['--version'], { stdio: ['ignore', 'pipe', 'pipe'] });
  expect(printed).toBeDefined();
});

test('LLAMACTL_TEST_ENGINE selects another one', () => {
  vi.stubEnv('LLAMACTL_TEST_ENGINE', process.execPath);
  expect(testEngine()).toBe(process.execPath);
});

test('a missing engine is an error with the command to run', () => {
  vi.stubEnv('LLAMACTL_TEST_ENGINE', '/none');
  expect(() => testEngine()).toThrow(/\/none cannot be run\. .*unset it and run `npm run engine`\.$/);
});

test('parallel requests for the model all find a complete file', async () => {
  const files = await Promise.all(Array.from({ length: 8 }, () => testModel()));
  expect(new Set(files).size).toBe(1);
  expect((await readFile(await testModel())).equals(demoModelBytes())).toBe(true);
});
