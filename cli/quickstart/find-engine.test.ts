import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { findEngine } from './find-engine.ts';
import { tempFolder } from './temp-folder.ts';

async function program(file: string, mode = 0o755): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, '#!/bin/sh\n');
  await chmod(file, mode);
  return file;
}

test('looks a name up on PATH, in order', async () => {
  const folder = await tempFolder();
  const first = await program(path.join(folder, 'a', 'llama-server'));
  await program(path.join(folder, 'b', 'llama-server'));
  const searched = [path.join(folder, 'none'), '', path.join(folder, 'a'), path.join(folder, 'b')].join(':');
  const installed = await program(path.join(folder, 'installed'));
  expect(await findEngine({ command: 'llama-server', path: searched, installed })).toBe(first);
});

test('accepts a path, also through a link', async () => {
  const folder = await tempFolder();
  await program(path.join(folder, 'real'));
  await symlink('real', path.join(folder, 'link'));
  const command = path.join(folder, 'link');
  expect(await findEngine({ command, path: '', installed: path.join(folder, 'none') })).toBe(command);
});

test('makes a relative path absolute', async () => {
  const file = await program(path.join(await tempFolder(), 'server'));
  expect(await findEngine({ command: path.relative(process.cwd(), file), path: '', installed: '/none' })).toBe(file);
});

test('takes the installed engine if the configured one is missing', async () => {
  const installed = await program(path.join(await tempFolder(), 'installed'));
  expect(await findEngine({ command: 'llama-server', path: undefined, installed })).toBe(installed);
  expect(await findEngine({ command: '/none/llama-server', path: undefined, installed })).toBe(installed);
});

test('skips folders and files that are not executable', async () => {
  const folder = await tempFolder();
  await mkdir(path.join(folder, 'llama-server'));
  const installed = await program(path.join(folder, 'plain'), 0o644);
  expect(await findEngine({ command: 'llama-server', path: folder, installed })).toBeNull();
  expect(await findEngine({ command: '', path: folder, installed: path.join(folder, 'none') })).toBeNull();
});
