import { mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { HELP } from './fixtures/help.ts';
import { createFlagCatalogues } from './flag-catalogue.ts';
import type { FlagCatalogues } from './flag-catalogue.ts';
import type { RunTool } from './engine-ports.ts';

type Answer = Awaited<ReturnType<RunTool>>;

const answer = (stdout: string, code = 0): Answer => ({ code, stdout, stderr: '' });

describe('FlagCatalogues', () => {
  let folder: string;
  let engine: string;
  let clock: FakeClock;
  let catalogues: FlagCatalogues;
  let calls: string[][];
  let searches: number;
  let answers: Map<string, () => Promise<Answer>>;
  const asked = (flag: string): number => calls.filter((call) => call.at(-1) === flag).length;
  const says = (flag: string, given: Answer | Error): void => {
    answers.set(flag, () => (given instanceof Error ? Promise.reject(given) : Promise.resolve(given)));
  };

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'llamactl-flags-'));
    engine = path.join(folder, 'llama-server');
    await writeFile(engine, '#!/bin/sh\n');
    clock = new FakeClock();
    calls = [];
    searches = 0;
    answers = new Map();
    says('--help', answer(HELP));
    says('--version', answer('version: 1'));
    catalogues = createFlagCatalogues({
      clock,
      searchPath: folder,
      findProgram: (command, searchPath) => {
        searches += 1;
        return Promise.resolve(path.resolve(searchPath, command));
      },
      runTool: (command, args) => {
        calls.push([command, ...args]);
        return answers.get(args.at(-1) ?? '')?.() ?? Promise.reject(new Error('not asked for'));
      },
    });
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  const load = (command = 'llama-server', args: string[] = []) => catalogues.load({ command, args });

  it('reads flags from the help, after the leading arguments', async () => {
    const { catalogue, warning } = await load('llama-server', ['--first']);
    expect(warning).toBeNull();
    expect(catalogue?.find('ctx_size')).not.toBeNull();
    expect(calls).toEqual([
      [engine, '--first', '--version'],
      [engine, '--first', '--help'],
    ]);
  });

  it('has the version of the last load', async () => {
    const launcher = { command: 'llama-server', args: [] };
    says('--version', { code: 0, stdout: '', stderr: 'version: 5318 (15e0328)\nbuilt with gcc\n' });
    expect(catalogues.version(launcher)).toBeNull();
    await load();
    expect(catalogues.version(launcher)).toBe('5318 (15e0328)');
  });

  it('returns known flags without a new read', async () => {
    const launcher = { command: 'llama-server', args: [] };
    expect(catalogues.known(launcher)).toBeNull();
    const { catalogue } = await load();
    expect(catalogues.known(launcher)).toBe(catalogue);
    expect(catalogues.known({ ...launcher, args: ['--other'] })).toBeNull();
  });

  it('has learnt a program after a load, even a failed one', async () => {
    const launcher = { command: 'llama-server', args: [] };
    says('--help', new Error('no'));
    expect(catalogues.isLearnt(launcher)).toBe(false);
    await catalogues.learn(launcher);
    expect(catalogues.isLearnt(launcher)).toBe(true);
    expect(catalogues.isLearnt({ ...launcher, args: ['--other'] })).toBe(false);
  });

  it('learns for a start without reading the version of a known file', async () => {
    const launcher = { command: 'llama-server', args: [] };
    await catalogues.learn(launcher);
    expect(catalogues.known(launcher)).not.toBeNull();
    await clock.advance(61_000);
    await catalogues.learn(launcher);
    expect([asked('--version'), asked('--help')]).toEqual([1, 1]);
    await utimes(engine, 1, 1);
    await clock.advance(100);
    await catalogues.learn(launcher);
    expect(asked('--help')).toBe(2);
  });

  it('has not learnt a missing program, and learns it when it appears', async () => {
    await rm(engine);
    const launcher = { command: 'llama-server', args: [] };
    await catalogues.learn(launcher);
    expect(catalogues.known(launcher)).toBeNull();
    await writeFile(engine, '#!/bin/sh\n');
    await clock.advance(100);
    await catalogues.learn(launcher);
    expect(catalogues.known(launcher)).not.toBeNull();
  });

  it('reads once for concurrent callers, and caches', async () => {
    const look = load();
    expect(load()).toBe(look);
    await look;
    await load();
    expect(asked('--help')).toBe(1);
  });

  it('reads again when the file has changed', async () => {
    await load();
    await utimes(engine, 1, 1);
    await clock.advance(100);
    says('--help', answer(`${HELP}--brand-new N                           new\n`));
    expect((await load()).catalogue?.find('brand_new')).not.toBeNull();
  });

  it('looks at the file once for all calls of a tenth of a second', async () => {
    await load();
    for (let call = 0; call < 100; call += 1) {
      await load();
      await catalogues.learn({ command: 'llama-server', args: [] });
    }
    expect(searches).toBe(1);
    await clock.advance(100);
    await load();
    expect(searches).toBe(2);
  });

  it('searches a missing program once for all calls of a tenth of a second', async () => {
    for (let call = 0; call < 100; call += 1) expect((await load('missing')).warning).toMatch(/missing/);
    expect(searches).toBe(1);
    await writeFile(path.join(folder, 'missing'), '#!/bin/sh\n');
    await clock.advance(100);
    expect((await load('missing')).warning).toBeNull();
  });

  it('reads again when a link leads to another file', async () => {
    const link = path.join(folder, 'current');
    await symlink(engine, link);
    await load('current');
    await writeFile(path.join(folder, 'other'), '#!/bin/sh\n# another\n');
    await rm(link);
    await symlink(path.join(folder, 'other'), link);
    await clock.advance(100);
    await load('current');
    expect(asked('--help')).toBe(2);
  });

  it('reads again when a wrapper reports another version, checked once a minute', async () => {
    await load();
    says('--version', answer('version: 2'));
    await load();
    expect(asked('--version')).toBe(1);
    await clock.advance(61_000);
    await load();
    expect([asked('--version'), asked('--help')]).toEqual([2, 2]);
    await clock.advance(61_000);
    await load();
    expect([asked('--version'), asked('--help')]).toEqual([3, 2]);
  });

  it.each([
    [
      'is another program’s',
      answer('usage: docker [OPTIONS]\n  --config string\n'),
      'its --help is not that of a llama-server',
    ],
    ['was cut off', answer(HELP.slice(0, 2_000)), 'its --help is not that of a llama-server'],
    ['is empty', answer(''), 'its --help is not that of a llama-server'],
    ['fails', answer(HELP, 3), 'its --help ended with status 3'],
    ['does not end', new Error('it did not end within 15 seconds'), 'it did not end within 15 seconds'],
  ])('returns a warning when the help %s', async (_case, given, reason) => {
    says('--help', given);
    const { catalogue, warning } = await load();
    expect(catalogue).toBeNull();
    expect(warning).toContain('llama-server');
    expect(warning).toContain(reason);
  });

  it.each([
    ['fails', answer('', 1)],
    ['does not end', new Error('it did not end')],
  ])('retries some seconds after the help %s', async (_case, given) => {
    says('--help', given);
    await load();
    expect((await load()).catalogue).toBeNull();
    expect(asked('--help')).toBe(1);
    says('--help', answer(HELP));
    await clock.advance(6_000);
    expect((await load()).catalogue).not.toBeNull();
  });

  it('reads a tenth of a second after the missing file exists', async () => {
    await rm(engine);
    expect((await load()).warning).toContain('ENOENT');
    await writeFile(engine, '#!/bin/sh\n');
    await clock.advance(100);
    expect((await load()).catalogue).not.toBeNull();
  });

  it('keeps the last flags when the engine is gone', async () => {
    const { catalogue } = await load();
    await rm(engine);
    await clock.advance(100);
    expect((await load()).catalogue).toBeNull();
    expect(catalogues.known({ command: 'llama-server', args: [] })).toBe(catalogue);
  });
});
