import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT } from './exit-status.ts';
import { documentedProgram, withReference } from './reference.ts';

const page = readFileSync(new URL('../docs/cli.md', import.meta.url), 'utf8');

describe('docs/cli.md', () => {
  it('has the current help of every verb (npm run generate)', async () => {
    expect(await withReference(page)).toBe(page);
  });

  it('has every exit status', () => {
    const [, table = ''] = /## Exit status\n([^]*?)\n## /.exec(page) ?? [];
    expect([...table.matchAll(/^\| (\d+)/gm)].map(([, status]) => Number(status))).toEqual(Object.values(EXIT));
  });
});

describe('the reference', () => {
  it('replaces only the text between its marks', async () => {
    const made = await withReference('before\n<!-- commands: generated -->\nstale\n<!-- end -->\nafter\n');
    expect(made).toMatch(/^before\n<!-- commands: generated -->\n\n### [^]*\n\n<!-- end -->\nafter\n$/);
    expect(made).not.toContain('stale');
    for (const verb of (await documentedProgram()).commands) expect(made).toContain(`\n### llamactl ${verb.name()}\n`);
    expect(made).toContain('\n#### llamactl keys rm\n');
    expect(made).toContain('  llamactl keys create editor > key.txt\n');
    expect(made).not.toContain('completion words');
  });

  it('reports missing marks', async () => {
    await expect(withReference('no marks')).rejects.toThrow('has lost the marks');
  });
});
