import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runTool, ToolError } from './run-tool.ts';
import { tempFolder } from './temp-folder.ts';

const options = { environment: process.env };

function shell(script: string): ReturnType<typeof runTool> {
  return runTool('sh', ['-c', script], options);
}

test('returns the output of the program', async () => {
  expect(await shell('echo one; echo two >&2')).toEqual({ stdout: 'one\n', stderr: 'two\n' });
});

test.each([
  [
    'the last line marked as an error',
    'echo "E: first"; echo "E: the cause" >&2; echo done >&2; exit 100',
    'E: the cause',
  ],
  [
    'the failed download before it',
    'echo "W: Failed to fetch http://a/b  Could not connect" >&2; echo "E: Some index files failed" >&2; exit 100',
    'W: Failed to fetch http://a/b  Could not connect',
  ],
  ['the last line otherwise', 'echo one; echo "two\r" >&2; exit 1', 'two'],
  [
    'text without colours and control characters',
    String.raw`printf "\033[31mERROR: red\033[0m\007\n" >&2; exit 1`,
    'ERROR: red',
  ],
  ['the exit code without output', 'exit 7', 'sh exited with code 7 without output'],
  ['the signal without output', 'kill -9 $$', 'sh was ended by SIGKILL without output'],
])('reports a failure by %s', async (_, script, message) => {
  await expect(shell(script)).rejects.toThrow(new ToolError(message));
});

test('reports a missing program like other failures', async () => {
  await expect(runTool('/none/program', [], options)).rejects.toThrow(/^\/none\/program could not be started .*ENOENT/);
});

test('kills a program on abort, with any children', async () => {
  const pids = path.join(await tempFolder(), 'pids');
  const abort = new AbortController();
  const script = 'trap "" TERM; sleep 600 & echo $$ $! > "$0"; wait';
  const run = runTool('sh', ['-c', script, pids], { ...options, signal: abort.signal });
  const [own = 0, child = 0] = await vi.waitFor(
    async () => {
      const numbers = (await readFile(pids, 'utf8')).trim().split(' ').map(Number);
      expect(numbers).toHaveLength(2);
      return numbers;
    },
    { interval: 5, timeout: 10_000 },
  );
  onTestFinished(() => void process.kill(child, 'SIGKILL'));
  abort.abort(new Error('enough'));
  await expect(run).rejects.toThrow('enough');
  expect(() => process.kill(own, 0)).toThrow('ESRCH');
});

test('starts nothing after an abort', async () => {
  const file = path.join(await tempFolder(), 'file');
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(runTool('touch', [file], { ...options, signal })).rejects.toThrow('enough');
  await expect(access(file)).rejects.toThrow('ENOENT');
});
