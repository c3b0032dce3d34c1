import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RestoreBench } from '@llamactl/server/testing/restore-bench';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandSandbox, type RunResult } from '../testing/command-run.ts';

let bench: RestoreBench;
let sandbox: CommandSandbox;
let config: string;
let fresh: string;

beforeEach(async () => {
  bench = new RestoreBench();
  await bench.backUpThenChange();
  sandbox = new CommandSandbox();
  config = path.join(sandbox.home, 'config.yaml');
  fresh = path.join(sandbox.home, 'new');
  writeFileSync(config, '{}\n');
});

afterEach(() => {
  bench.dispose();
  sandbox.dispose();
});

const restore = (...words: string[]): Promise<RunResult> =>
  sandbox.run(['restore', '--config', config, '--data-dir', fresh, ...words]);

describe('a restore into a folder that does not exist', () => {
  it('can be tried without creating it', async () => {
    const { status, stdout, stderr } = await restore('--dry-run', bench.file);
    expect([status, stderr]).toEqual([0, 'nothing was changed\n']);
    expect(stdout).toMatch(/3 instances come back: /);
    expect(existsSync(fresh)).toBe(false);
  });

  it('leaves no folder when the backup is refused', async () => {
    writeFileSync(bench.file, 'no database');
    for (const words of [[bench.file], ['--salvage']]) {
      expect(await restore(...words)).toMatchObject({ status: 1 });
      expect(existsSync(fresh)).toBe(false);
    }
  });

  it('creates it, and names the command that starts its server', async () => {
    const { status, stderr } = await restore(bench.file);
    expect([status, stderr]).toEqual([
      0,
      `done; start the server: llamactl up --config ${config} --data-dir ${fresh}\n`,
    ]);
    expect(existsSync(path.join(fresh, 'llamactl.db'))).toBe(true);
  });
});
