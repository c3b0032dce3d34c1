import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import manifest from '../package.json' with { type: 'json' };
import { CHECKSUMS, makeRelease } from '../scripts/release-artifacts.ts';
import { testClientPython } from '../scripts/test-assets.ts';
import { isLong } from '../scripts/test-tier.ts';
import { copyCheckout } from './checkout-copy.ts';

/** docs/releasing.md, from where nothing stands against a release: its files, made of a copy of the checkout. Takes a minute. */

const EPOCH = 1_790_000_000;
const STAMP = { commit: '0123456789abcdef0123456789abcdef01234567', time: new Date(EPOCH * 1_000).toISOString() };
const ADDRESSES = { downloads: 'https://example.com/llamactl/0.1.0', homepage: 'https://example.com/llamactl' };
const HAS_DPKG = spawnSync('dpkg-deb', ['--version']).status === 0;
const ENVIRONMENT = { environment: process.env };

describe.runIf(isLong)('a release', { timeout: 300_000 }, () => {
  const python = testClientPython();
  const program = 'missing' in python ? null : python.program;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-release-'));
    await copyCheckout(path.join(folder, 'checkout'), { isInstalled: true });
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** @returns the folder */
  async function released(name: string, parts: Partial<Parameters<typeof makeRelease>[1]> = {}): Promise<string> {
    const directory = path.join(folder, name);
    const whole = { root: path.join(folder, 'checkout'), version: manifest.version, stamp: STAMP, epoch: EPOCH };
    const names = await makeRelease(directory, {
      ...whole,
      addresses: ADDRESSES,
      python: program,
      hasDpkg: HAS_DPKG,
      ...parts,
    });
    expect((await readdir(directory)).toSorted()).toEqual(names.toSorted());
    return directory;
  }

  it('has the files that its page tells of, whose checksums are right, and is the same when it is made again', async (context) => {
    if (program === null) context.skip('missing' in python ? python.missing : '');
    if (!HAS_DPKG) context.skip('this machine has no dpkg-deb');
    const directory = await released('release');
    const page = await readFile(path.join(folder, 'checkout', 'docs', 'releasing.md'), 'utf8');
    const named = [...page.matchAll(/^ +\| (`[^|]+`) +\|/gm)].flatMap(([, cell = '']) => cell.match(/[^`, ]+/g) ?? []);
    const here = named.map((name) =>
      name
        .replace('linux-x64', `${process.platform}-${process.arch}`)
        .replace('amd64', process.arch === 'x64' ? 'amd64' : process.arch),
    );
    expect(await readdir(directory)).toEqual(here.toSorted());
    const check = ['--check', '--strict', CHECKSUMS];
    const { stdout } = await runTool('sha256sum', check, { ...ENVIRONMENT, directory });
    expect(stdout.trim().split('\n')).toHaveLength(named.length - 1);

    const formula = await readFile(path.join(directory, 'llamactl.rb'), 'utf8');
    expect(formula).toContain(`  homepage "${ADDRESSES.homepage}"\n  url "${ADDRESSES.downloads}/llamactl-`);
    const again = await released('again');
    expect(await readFile(path.join(again, CHECKSUMS), 'utf8')).toBe(
      await readFile(path.join(directory, CHECKSUMS), 'utf8'),
    );
  });

  it('has no formula that cannot be installed, and no packages that cannot be built', async () => {
    const names = await readdir(await released('less', { addresses: null, python: null, hasDpkg: false }));
    expect(names.filter((name) => /\.rb$|\.whl$|\.deb$|^llamactl_client/.test(name))).toEqual([]);
    expect(names).toContain(`llamactl-${manifest.version}.tgz`);
  });
});
