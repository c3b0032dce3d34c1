import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { manPage } from './man-page.ts';
import cli from './package.json' with { type: 'json' };
import { documentedCommands, documentedProgram } from './reference.ts';

const FILE = path.join(import.meta.dirname, '..', 'packaging', 'man', 'llamactl.1');
const page = readFileSync(FILE, 'utf8');

describe('the manual page', () => {
  it('is the current one (npm run generate)', async () => {
    expect(await manPage(cli.version)).toBe(page);
  });

  it('has a section for every verb and subcommand, with its options', async () => {
    const commands = documentedCommands(await documentedProgram());
    expect(commands.length).toBeGreaterThan(40);
    const [, ...sections] = page.split(/^\.SS /m);
    expect(sections.map((section) => section.split('\n', 1)[0]?.replaceAll('\\-', '-'))).toEqual(
      commands.map(({ words }) => words),
    );
    for (const [index, { command }] of commands.entries()) {
      for (const option of command.options.filter(({ hidden }) => !hidden))
        expect(sections[index]).toContain(option.flags.replaceAll('-', '\\-'));
    }
  });

  it.skipIf(spawnSync('man', ['--version']).status !== 0)('is rendered without warnings', () => {
    const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', FILE], {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '80', LC_ALL: 'C' },
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('llamactl - control plane for local LLM inference');
  });
});
