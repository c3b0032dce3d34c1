import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Contexts } from '../server/contexts.ts';
import { CommandSandbox, type RunResult } from '../testing/command-run.ts';

let sandbox: CommandSandbox;
beforeEach(() => {
  sandbox = new CommandSandbox();
});
afterEach(() => sandbox.dispose());

const NOW = Date.parse('2026-03-01T12:00:00Z');
const run = (...words: string[]): Promise<RunResult> => sandbox.run(words, { now: NOW });
const contexts = (): Contexts => new Contexts(`${sandbox.home}/.config/llamactl/contexts.json`);
const tokenUntil = (time: number): string =>
  ['{}', JSON.stringify({ iat: 0, exp: time / 1_000 }), 's']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

describe('llamactl context', () => {
  it('adds a context for an address in any spelling', async () => {
    const { status, stderr } = await run('context', 'add', 'gpu', '--url', 'gpu.example:9000/');
    expect([status, stderr]).toEqual([0, expect.stringContaining('context gpu: http://gpu.example:9000\n')]);
    expect(contexts().list()).toEqual([['gpu', { url: 'http://gpu.example:9000' }]]);
    expect(contexts().current).toBeNull();
  });

  it('requires an address', async () => {
    expect(await run('context', 'add', 'gpu')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--url') as string,
    });
    expect(await run('context', 'add', 'gpu', '--url', 'ftp://x')).toMatchObject({ status: 1 });
    expect(contexts().list()).toEqual([]);
  });

  it('accepts a piped key, and sets the current context with --use', async () => {
    const words = ['context', 'add', 'ci', '--url', 'https://gpu.example', '--key-stdin', '--use'];
    await sandbox.run(words, { input: 'llk_secret\n' });
    expect(contexts().get('ci')).toEqual({ url: 'https://gpu.example', token: 'llk_secret' });
    expect(contexts().current).toBe('ci');
  });

  it('keeps a log-in with its address, and drops it with another', async () => {
    contexts().set('gpu', { url: 'https://gpu.example', token: 't', username: 'ann' });
    await run('context', 'add', 'gpu', '--url', 'https://gpu.example/');
    expect(contexts().get('gpu').token).toBe('t');
    await run('context', 'add', 'gpu', '--url', 'https://evil.example');
    expect(contexts().get('gpu')).toEqual({ url: 'https://evil.example' });
  });

  it('lists contexts without their secrets', async () => {
    const token = tokenUntil(NOW + 60_000);
    contexts().set('new', { url: 'https://new.example', token, username: 'ann' });
    contexts().set('old', { url: 'https://old.example', token: tokenUntil(NOW), username: 'ann' });
    contexts().set('key', { url: 'https://key.example', token: 'llk_secret' });
    contexts().set('bare', { url: 'https://bare.example' });
    contexts().use('new');
    const { stdout } = await run('context', 'ls');
    expect(stdout).not.toContain(token);
    expect(stdout.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['NAME', 'URL', 'LOG-IN'],
      ['bare', 'https://bare.example', '-'],
      ['key', 'https://key.example', 'a key'],
      ['*', 'new', 'https://new.example', expect.stringMatching(/^ann until /)],
      ['old', 'https://old.example', 'ann, expired'],
      [''],
    ]);
    const json = await run('context', 'ls', '--json');
    expect(json.stdout).not.toMatch(/llk_secret|"token":/);
    expect(JSON.parse(json.stdout)).toHaveLength(4);
    expect((await run('context', 'ls', '-q')).stdout).toBe('bare\nkey\nnew\nold\n');
  });

  it('sets or clears the current context', async () => {
    contexts().set('gpu', { url: 'https://gpu.example' });
    await run('context', 'use', 'gpu');
    expect(contexts().current).toBe('gpu');
    await run('context', 'use', '--local');
    expect(contexts().current).toBeNull();
    expect((await run('context', 'use')).status).toBe(2);
    expect(await run('context', 'use', 'gpx')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('contexts: gpu') as string,
    });
  });

  it('shows which server is used, and why', async () => {
    contexts().set('gpu', { url: 'https://gpu.example', token: 'llk_secret' });
    contexts().use('gpu');
    expect((await run('context', 'show')).stdout).toBe(
      'url      https://gpu.example\nfrom     the context gpu\ncontext  gpu\nlog-in   a key\n',
    );
    expect((await run('context', 'show', '-q', '--url', 'http://x')).stdout).toBe('http://x\n');
    const environment = { LLAMACTL_URL: 'http://y', LLAMACTL_TOKEN: 'llk_other' };
    const { stdout } = await sandbox.run(['context', 'show'], { environment });
    expect(stdout).toBe('url      http://y\nfrom     LLAMACTL_URL\ncontext  -\nlog-in   a key (LLAMACTL_TOKEN)\n');
  });

  it('removes all given contexts, or none', async () => {
    contexts().set('a', { url: 'http://a' });
    contexts().set('b', { url: 'http://b' });
    expect((await run('context', 'rm', 'a', 'c')).status).toBe(3);
    expect(contexts().list()).toHaveLength(2);
    expect((await run('context', 'rm', 'a', 'b')).stdout).toBe('a removed\nb removed\n');
    expect(contexts().list()).toEqual([]);
  });
});
