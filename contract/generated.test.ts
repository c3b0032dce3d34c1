import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatedFiles } from './generated.ts';
import contract from './package.json' with { type: 'json' };

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

describe('generated files', () => {
  it.each(generatedFiles(contract.version, read('docs/api.md')))(
    '$path is up to date (npm run generate)',
    ({ path, content }) => {
      expect(read(path)).toBe(content);
    },
  );

  it('keep the rest of a page, and fail without the marks around its table', () => {
    const page = 'before\n<!-- operations: generated -->\nstale\n<!-- end -->\nafter\n';
    const made = generatedFiles(contract.version, page).find(({ path }) => path === 'docs/api.md')?.content ?? '';
    expect(made).toMatch(/^before\n[^]*`GET \/api\/instances` [^]*\nafter\n$/);
    expect(made).not.toContain('stale');
    expect(() => generatedFiles(contract.version, 'no marks')).toThrow('docs/api.md lacks the marks');
  });
});
