import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigSchema } from '@llamactl/contract/config';
import { FleetSchema } from '@llamactl/contract/fleet';
import { parse } from 'yaml';
import { isLong } from '../scripts/test-tier.ts';
import { Home } from './docs/home.ts';
import { brokenLinks } from './docs/links.ts';
import { type Block, blocksOf, isShell, markOf } from './docs/page.ts';
import { isRun, LIMIT_MS, runPage } from './docs/page-run.ts';

/** What the pages say is what happens: their commands are run, their configurations judged, their links followed. */

const ROOT = path.join(import.meta.dirname, '..');
const NAMES = [
  'README.md',
  ...(await readdir(path.join(ROOT, 'docs'), { recursive: true }))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
];
const PAGES = await Promise.all(
  NAMES.map(async (name) => {
    const text = await readFile(path.join(ROOT, name), 'utf8');
    return { name, text, blocks: blocksOf(text) };
  }),
);

/** The pages a reader starts with; the push tier runs their commands. */
const FIRST_PAGES = new Set(['README.md', 'docs/start.md']);

/** Blocks of commands that no test runs, by page; each says why. More of them have to be written down here. */
const NOT_RUN: Readonly<Record<string, number>> = {
  'docs/backup.md': 1,
  'docs/cli.md': 1,
  'docs/how-to/clients.md': 2,
  'docs/how-to/containers.md': 2,
  'docs/how-to/from-ollama.md': 2,
  'docs/how-to/model-per-task.md': 1,
  'docs/install.md': 5,
  'docs/models.md': 1,
  'docs/releasing.md': 2,
  'docs/services.md': 3,
};

/** What reads a page for a test that starts a test of another language. */
const READERS: Readonly<Record<string, string>> = {
  'e2e/client-go.test.ts': 'clients/go/documents_test.go',
  'e2e/client-python.test.ts': 'clients/python/tests/test_package.py',
};
/** Who only says what a page is for does not read it. */
const COMMENTS = /\/\*[^]*?\*\/|^\s*(?:\/\/|#).*$/gm;

const isNotRun = (block: Block): boolean => isShell(block) && markOf(block, 'not run') !== null;
const isRunElsewhere = (block: Block): boolean => isShell(block) && markOf(block, 'run by') !== null;

describe('commands', () => {
  afterAll(() => {
    const count = (blocks: readonly Block[], is: (block: Block) => boolean): number => blocks.filter(is).length;
    const all = PAGES.flatMap(({ blocks }) => blocks);
    const lines = PAGES.filter(({ blocks }) => blocks.some(isNotRun)).map(
      ({ name, blocks }) => `  ${name}: ${count(blocks, isNotRun)} of ${count(blocks, isShell)} blocks not run`,
    );
    process.stdout.write(
      `commands in the documentation: ${count(all, isShell)} blocks, ${count(all, isRun)} run here, ` +
        `${count(all, isRunElsewhere)} by other tests, ${count(all, isNotRun)} not run\n${lines.join('\n')}\n`,
    );
  });

  const doesWhatItSays = async ({ text, blocks }: (typeof PAGES)[number]): Promise<void> => {
    const home = await Home.make(text);
    try {
      expect(await runPage(blocks, home)).toEqual([]);
    } finally {
      await home.dispose();
    }
  };
  const pages = PAGES.filter(({ blocks }) => blocks.some(isRun));
  const isFirst = ({ name }: { name: string }): boolean => FIRST_PAGES.has(name);

  it.each(pages.filter(isFirst))('$name does what it says', { timeout: LIMIT_MS + 30_000 }, doesWhatItSays);

  it.runIf(isLong).each(pages.filter((page) => !isFirst(page)))(
    '$name does what it says',
    { timeout: LIMIT_MS + 30_000 },
    doesWhatItSays,
  );

  it('those that are not run are no more than they were, and each says why', () => {
    const counts = PAGES.map(({ name, blocks }) => [name, blocks.filter(isNotRun).length] as const);
    expect(Object.fromEntries(counts.filter(([, count]) => count > 0))).toEqual(NOT_RUN);
    const reasons = PAGES.flatMap(({ blocks }) => blocks.map((block) => markOf(block, 'not run')));
    expect(reasons.filter((reason) => reason !== null && reason.length < 10)).toEqual([]);
  });

  it('those that another test runs are read by that test', async () => {
    for (const { name, blocks } of PAGES) {
      for (const block of blocks) {
        const test = markOf(block, 'run by');
        if (test === null) continue;
        const source = await readFile(path.join(ROOT, READERS[test] ?? test), 'utf8');
        expect(source.replaceAll(COMMENTS, ''), test).toContain(path.basename(name));
      }
    }
  });
});

describe('other blocks', () => {
  const blocks = PAGES.flatMap(({ name, blocks }) => blocks.map((block) => ({ name, block })));

  const YAML = blocks.filter(({ block }) => block.language === 'yaml' && markOf(block, 'not checked') === null);
  it.each(YAML)('$name, line $block.line: YAML is a configuration or a fleet', ({ block }) => {
    const value = parse(block.text) as Record<string, unknown>;
    const schema = 'version' in value ? FleetSchema : ConfigSchema;
    expect(schema.safeParse(value).error).toBe(undefined);
  });

  const JSON_BLOCKS = blocks.filter(({ block }) => block.language === 'json');
  it.each(JSON_BLOCKS)('$name, line $block.line: JSON is JSON', ({ block }) => {
    expect(() => JSON.parse(block.text) as unknown).not.toThrow();
  });
});

describe('links', () => {
  const pages = [
    ...NAMES,
    'AGENTS.md',
    'CHANGELOG.md',
    'CONTEXT.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'bench/README.md',
  ];
  it.each(pages)('%s leads to files and headings that are there', async (name) => {
    expect(await brokenLinks(ROOT, name)).toEqual([]);
  });

  it('SECURITY.md is short, and is linked from the pages where readers look for it', async () => {
    const read = async (name: string): Promise<string> => readFile(path.join(ROOT, name), 'utf8');
    expect((await read('SECURITY.md')).split('\n').length).toBeLessThan(80);
    expect(await read('README.md')).toContain('](SECURITY.md)');
    expect(await read('docs/explanation/security.md')).toContain('](../../SECURITY.md)');
  });

  it('every page is in the index', async () => {
    const index = await readFile(path.join(ROOT, 'docs', 'README.md'), 'utf8');
    const pages = NAMES.filter(
      (name) => name.startsWith('docs/') && name !== 'docs/README.md' && !/decisions/.test(name),
    );
    expect(pages.filter((name) => !index.includes(`](${name.slice('docs/'.length)}`))).toEqual([]);
  });
});
