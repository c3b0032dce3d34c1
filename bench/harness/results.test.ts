import { describe, expect, it } from 'vitest';
import { withSection } from './results.ts';

const ORDER = ['boot', 'list', 'start'];
const section = (name: string, text: string): string => `## ${name}: a title\n\n${text}`;

describe('the document of results', () => {
  it('takes sections in the order of the scenarios and keeps the others', () => {
    let document = withSection('', section('start', 'old start'), ORDER);
    document = withSection(document, section('boot', 'boot'), ORDER);
    const before = document;
    document = withSection(document, section('start', 'new start'), ORDER);
    expect(document).toBe(before.replace('old start', 'new start'));
    expect(document).toMatch(/^# Results\n[^]+\n## boot: a title\n\nboot\n\n## start: a title\n\nnew start\n$/);
  });

  it('drops what is no scenario any more', () => {
    const document = withSection(withSection('', section('list', 'list'), ORDER), section('boot', 'boot'), ['boot']);
    expect(document).not.toContain('list: a title');
    expect(document).toContain('boot: a title');
  });
});
