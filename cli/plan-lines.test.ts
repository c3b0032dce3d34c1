import { describe, expect, it } from 'vitest';
import { planLines } from './plan-lines.ts';
import { Style } from './style.ts';

const BARE = new Style(false);

describe('the lines of a plan', () => {
  it('say what is made, changed and removed, and nothing of what stays', () => {
    expect(
      planLines(
        [
          { name: 'new', action: 'create', changes: [] },
          { name: 'quiet', action: 'change', changes: ['aliases'] },
          { name: 'busy', action: 'restart', changes: ['options.threads', 'port'] },
          { name: 'same', action: 'nothing', changes: [] },
          { name: 'old', action: 'remove', changes: [] },
        ],
        BARE,
      ),
    ).toEqual(['+ new', '~ quiet  aliases', '~ busy  options.threads, port  (restarts)', '- old']);
  });

  it('have below them what failed and what needs attention', () => {
    expect(
      planLines(
        [
          { name: 'new', action: 'create', changes: [], warnings: ['no model yet'], error: 'the port is taken' },
          { name: 'same', action: 'nothing', changes: [], warnings: ['runs with older settings'] },
          { name: 'odd', action: 'nothing', changes: [], error: 'a fault' },
        ],
        BARE,
      ),
    ).toEqual([
      '+ new',
      '    failed: the port is taken',
      '    note: no model yet',
      '    note: same: runs with older settings',
      '  odd',
      '    failed: a fault',
    ]);
  });

  it('take no control characters from a server', () => {
    const [line, error] = planLines([{ name: 'a\u{1B}[2J', action: 'remove', changes: [], error: 'x\u{7}' }], BARE);
    expect([line, error]).toEqual(['- a', '    failed: x']);
  });

  it('are coloured by what is done', () => {
    const [line] = planLines([{ name: 'old', action: 'remove', changes: [] }], new Style(true));
    expect(line).toBe('\u{1B}[31m- old\u{1B}[39m');
  });
});
