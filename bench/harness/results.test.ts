import { describe, expect, it } from 'vitest';
import { fileOfProcessor, withSection } from './results.ts';

const OF = { model: 'A Processor', isBusy: false, order: ['boot', 'list', 'start'] };
const section = (name: string, text: string): string => `## ${name}: a title\n\n${text}`;

describe('the document of results', () => {
  it('takes sections in the order of the scenarios and keeps the others', () => {
    let document = withSection('', section('start', 'old start'), OF);
    document = withSection(document, section('boot', 'boot'), OF);
    const before = document;
    document = withSection(document, section('start', 'new start'), OF);
    expect(document).toBe(before.replace('old start', 'new start'));
    expect(document).toMatch(
      /^# Results: A Processor\n[^]+\n## boot: a title\n\nboot\n\n## start: a title\n\nnew start\n$/,
    );
  });

  it('drops what is no scenario any more', () => {
    const document = withSection(withSection('', section('list', 'list'), OF), section('boot', 'boot'), {
      ...OF,
      order: ['boot'],
    });
    expect(document).not.toContain('list: a title');
    expect(document).toContain('boot: a title');
  });

  it('says that the machine was busy', () => {
    expect(withSection('', section('boot', 'boot'), { ...OF, isBusy: true })).toMatch(
      /^# Results: A Processor, busy\n[^]+one endless loop for each core[^]+\n## boot/,
    );
  });

  it.each([
    ['AMD EPYC', 'amd-epyc.md'],
    ['Intel(R) Xeon(R) Processor @ 2.50GHz', 'intel-xeon-2-50ghz.md'],
    ['12th Gen Intel(R) Core(TM) i5-1240P', '12th-gen-intel-core-i5-1240p.md'],
  ])('has a file for each processor: %s', (model, file) => {
    expect(fileOfProcessor(model, false)).toBe(file);
    expect(fileOfProcessor(model, true)).toBe(file.replace('.md', '-busy.md'));
  });
});
