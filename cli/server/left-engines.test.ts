import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { leftEngines } from './left-engines.ts';

let proc: string;

beforeEach(() => {
  proc = mkdtempSync(path.join(os.tmpdir(), 'llamactl-proc-'));
});
afterEach(() => rmSync(proc, { recursive: true }));

function process(pid: number, ...words: string[]): void {
  mkdirSync(path.join(proc, String(pid)));
  writeFileSync(path.join(proc, String(pid), 'cmdline'), `${words.join('\0')}\0`);
}

const wrapper = (folder: string): string[] => [
  '/bin/sh',
  '-c',
  'exec "$@"',
  'llamactl-exec',
  folder,
  '',
  'llama-server',
];

it('are those whose runs are in the data directory', () => {
  process(1, ...wrapper('/data/instances/a/runs/1-x'));
  process(2, ...wrapper('/data/instances/b/runs/4-y'));
  process(3, ...wrapper('/data2/instances/a/runs/1-x'));
  process(4, 'llama-server', '--model', '/data/instances/x.gguf');
  mkdirSync(path.join(proc, '5'));
  mkdirSync(path.join(proc, 'self'));
  expect(leftEngines('/data', proc)).toBe(2);
  expect(leftEngines('/data3', proc)).toBe(0);
});

it('are unknown on a system without /proc', () => {
  expect(leftEngines('/data', path.join(proc, 'none'))).toBeNull();
});
