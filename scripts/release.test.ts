import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { billOfMaterials } from './bill-of-materials.ts';
import { bundle } from './bundle.ts';
import { buildPage } from './page-build.ts';
import { nodeFolder, postjectProgram } from './executable.ts';
import { filledFormula } from './homebrew-formula.ts';
import { releaseProblems } from './release-checks.ts';
import { releaseState } from './release-state.ts';
import { sourceStamp } from './source-stamp.ts';
import { thirdPartyLicences } from './third-party-licences.ts';

const ROOT = path.join(import.meta.dirname, '..');
const FORMULA = path.join(ROOT, 'packaging', 'homebrew', 'llamactl.rb');
const TIME = '2026-09-21T14:13:20.000Z';
const EPOCH = String(Date.parse(TIME) / 1_000);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-release-test-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

function git(...words: string[]): string {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...who, ...words], { cwd: folder, encoding: 'utf8' }).trim();
}

/** Commits a small project that may be released. */
function commitProject(): void {
  write({
    'package.json': '{"name":"llamactl","version":"1.2.3","workspaces":["cli"]}',
    'cli/package.json': '{"version":"1.2.3","dependencies":{"@llamactl/client":"1.2.3","yaml":"2.0.0"}}',
    'clients/python/src/llamactl/_version.py': '__version__ = "1.2.3"\n',
    'clients/go/version.go': 'package llamactl\n\n// Version of it.\nconst Version = "1.2.3"\n',
    'CHANGELOG.md': '# Changelog\n\n## Unreleased\n\n## 1.2.3 (2026-09-21)\n\n- All of it.\n',
  });
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '-m', 'all');
}

describe('a release', () => {
  const problems = async (): Promise<string[]> => releaseProblems(await releaseState(folder));

  beforeEach(() => commitProject());

  it('is allowed if everything is committed, the version is the same everywhere, and the changelog has it', async () => {
    expect(await problems()).toEqual([]);
  });

  it('is refused with uncommitted changes, which it names', async () => {
    write({ 'cli/new.ts': '', 'CHANGELOG.md': '## 1.2.3\n' });
    expect(await problems()).toEqual(['there are changes that are not committed: CHANGELOG.md, cli/new.ts']);
  });

  it.each([
    ['clients/python/src/llamactl/_version.py', '__version__ = "1.2.2"\n', 'says 1.2.2, and package.json 1.2.3'],
    ['clients/go/version.go', 'package llamactl\n', 'says no version, and package.json 1.2.3'],
    ['cli/package.json', '{"version":"1.2.4"}', 'says 1.2.4, and package.json 1.2.3'],
    [
      'cli/package.json',
      '{"version":"1.2.3","dependencies":{"@llamactl/client":"1.2.2"}}',
      '(@llamactl/client) says 1.2.2, and package.json 1.2.3',
    ],
  ])('is refused if %s has another version', async (file, text, problem) => {
    write({ [file]: text });
    git('commit', '--quiet', '-a', '-m', 'changed');
    expect(await problems()).toEqual([expect.stringMatching(new RegExp(`^${file}`))]);
    expect(String(await problems()).endsWith(problem)).toBe(true);
  });

  it('is refused if the changelog does not have it', async () => {
    write({ 'CHANGELOG.md': '# Changelog\n\n## Unreleased (1.2.3)\n\n## 1.2.30\n' });
    git('commit', '--quiet', '-a', '-m', 'changed');
    expect(await problems()).toEqual([
      'CHANGELOG.md has no section "## 1.2.3"; rename "Unreleased" when it is complete',
    ]);
  });

  it('is refused if the changelog has unreleased entries', async () => {
    const problem = 'CHANGELOG.md has entries under "Unreleased", which 1.2.3 would contain without listing them';
    for (const text of [
      '# Changelog\n\n## Unreleased\n\n- More.\n\n## 1.2.3\n\n- All of it.\n',
      '# Changelog\n\n## 1.2.3\n\n- All of it.\n\n## Unreleased (1.3.0)\n\n- More.\n',
    ]) {
      write({ 'CHANGELOG.md': text });
      git('commit', '--quiet', '-a', '-m', 'changed');
      expect(await problems()).toEqual([problem]);
    }
  });
});

describe('this checkout', () => {
  it('has one version in all packages and clients', async () => {
    const { version, stated } = await releaseState(ROOT);
    expect(stated.length).toBeGreaterThan(12);
    expect(stated.filter((each) => each.version !== version)).toEqual([]);
  });
});

describe('the build stamp', () => {
  it('is the commit and the build time', async () => {
    commitProject();
    const now = new Date(TIME);
    const commit = git('rev-parse', 'HEAD');
    expect(await sourceStamp(folder, process.env, now)).toEqual({ commit, time: TIME });
    write({ 'cli/new.ts': '' });
    expect(await sourceStamp(folder, process.env, now)).toEqual({ commit: `${commit}-dirty`, time: TIME });
  });

  it('comes from variables if they are set', async () => {
    const given = { SOURCE_DATE_EPOCH: EPOCH, LLAMACTL_BUILD_COMMIT: '0123abc' };
    expect(await sourceStamp(folder, given)).toEqual({ commit: '0123abc', time: TIME });
    const now = new Date(TIME);
    const empty = { ...process.env, SOURCE_DATE_EPOCH: '', LLAMACTL_BUILD_COMMIT: '' };
    expect(await sourceStamp(folder, empty, now)).toEqual({ commit: null, time: TIME });
  });

  it('refuses invalid values', async () => {
    await expect(sourceStamp(folder, { SOURCE_DATE_EPOCH: 'today' })).rejects.toThrow('SOURCE_DATE_EPOCH is "today"');
    await expect(sourceStamp(folder, { LLAMACTL_BUILD_COMMIT: 'main' })).rejects.toThrow('is "main"');
  });
});

describe('the parts of the program', () => {
  let place: string;
  let folders: string[];
  const stamp = { commit: '0123abc', time: TIME };

  beforeAll(async () => {
    place = mkdtempSync(path.join(os.tmpdir(), 'llamactl-bundle-'));
    folders = await bundle({ directory: path.join(place, 'lib'), stamp, page: await buildPage(), form: 'modules' });
  });

  afterAll(() => rmSync(place, { recursive: true }));

  it('are in the bill of materials with checksums, with Node, and without other packages', async () => {
    const bill = JSON.parse(await billOfMaterials(ROOT, folders, { version: '1.2.3', stamp, node: '24.0.1' })) as {
      bomFormat: string;
      metadata: object;
      components: {
        'bom-ref': string;
        name: string;
        version: string;
        hashes?: unknown[];
        licenses?: { license: { id: string } }[];
      }[];
      dependencies: { ref: string; dependsOn: string[] }[];
    };
    expect(bill).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { timestamp: TIME, component: { name: 'llamactl', version: '1.2.3', purl: 'pkg:npm/llamactl@1.2.3' } },
    });
    expect(bill.metadata).toMatchObject({ lifecycles: [{ phase: 'build' }] });
    expect(bill).not.toHaveProperty('serialNumber');
    const names = bill.components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['fastify', 'zod', 'ws', 'commander', 'node']));
    expect(bill.components).toHaveLength(folders.length + 1);
    expect(bill.components.filter(({ hashes, name }) => hashes === undefined && name !== 'node')).toEqual([]);
    expect(bill.components.filter(({ licenses }) => licenses?.[0]?.license.id === undefined)).toEqual([]);
    const references = ['llamactl@1.2.3', ...bill.components.map((each) => each['bom-ref'])];
    expect(bill.dependencies.map(({ ref }) => ref).toSorted()).toEqual(references.toSorted());
    expect(bill.dependencies.flatMap(({ dependsOn }) => dependsOn.filter((ref) => !references.includes(ref)))).toEqual(
      [],
    );
  });

  it('have licences for redistribution, with their texts', async () => {
    const text = await thirdPartyLicences(folders);
    const headings = [...text.matchAll(/^-{80}\n(\S+) (\S+) \((.+)\)$/gm)];
    expect(headings).toHaveLength(folders.length);
    const permissive = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0']);
    expect(headings.filter(([, , , licence = '']) => !permissive.has(licence)).map(([line]) => line)).toEqual([]);
  });
});

describe('the executable', () => {
  it('contains the Node of the npm packages, which has a licence text', async () => {
    expect(JSON.parse(readFileSync(path.join(await nodeFolder(), 'package.json'), 'utf8'))).toMatchObject({
      name: expect.stringMatching(/^node-/) as unknown,
    });
  });

  it('is refused with another Node, with a hint', async () => {
    const program = path.join(folder, 'bin', 'node');
    await expect(nodeFolder(program)).rejects.toThrow(/bin\/node is not the Node of the npm packages.*run `npm ci`/);
    write({ 'package.json': '{"name":"mine","version":"1.0.0","license":"MIT"}' });
    await expect(nodeFolder(program)).rejects.toThrow('is not the Node of the npm packages');
  });

  it('says how to install the tool that it lacks', () => {
    const missing = (): never => {
      throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
    };
    expect(() => postjectProgram(missing)).toThrow(/^postject is not installed, .*: run `npm ci`/);
  });
});

describe('the Homebrew formula', () => {
  const facts = {
    homepage: 'https://example.com',
    url: 'https://example.com/d/llamactl-1.2.3.tgz',
    sha256: 'a'.repeat(64),
  };

  it('gets the URLs and the checksum of a release', () => {
    const filled = filledFormula(readFileSync(FORMULA, 'utf8'), facts);
    expect(filled).toContain(`  homepage "${facts.homepage}"\n  url "${facts.url}"\n  sha256 "${facts.sha256}"\n`);
    expect(filled).not.toMatch(/0{64}|example\.invalid/);
  });

  it('is refused if a line to fill in is missing', () => {
    expect(() => filledFormula('class Llamactl < Formula\nend\n', facts)).toThrow('no line for homepage');
  });

  const hasRuby = spawnSync('ruby', ['--version']).status === 0;
  it.skipIf(!hasRuby)('is valid Ruby, where Ruby is installed', () => {
    expect(execFileSync('ruby', ['-c', FORMULA], { encoding: 'utf8' })).toContain('Syntax OK');
  });
});
